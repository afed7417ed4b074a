-- Write down a failure, and give the webhook back. It is tried again in `wait` seconds; past `days`
-- of nothing but failures it is paused, and ended at once when `gone`. A challenge that failed is
-- sent again up to `challenges` times to an address that never answered one, and only when asked
-- for to another. (Its state.) No row: the lease is another one's, or the webhook is gone.
update catalog.webhook
set    attempts = attempts + 1,
       failing_since = coalesce(failing_since, now()),
       next_try_at = now() + make_interval(secs => %(wait)s::float),
       last_status = %(status)s::smallint,
       last_error = %(error)s::text,
       challenge_due = challenge_due and state = 'pending' and not %(gone)s::boolean
                       and attempts + 1 < %(challenges)s::integer,
       ended_at = case
                    when %(gone)s::boolean then now()
                    when state = 'active'
                     and failing_since < now() - make_interval(days => %(days)s::integer) then now()
                    else ended_at
                  end,
       state = case
                 when %(gone)s::boolean then 'ended'
                 when state = 'active'
                  and failing_since < now() - make_interval(days => %(days)s::integer)
                 then 'paused'
                 else state
               end,
       lease = null, leased_until = null
where  id = %(id)s::text and lease = %(lease)s::text
returning state
