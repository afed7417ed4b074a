-- Take the webhook that has waited longest for something that is due, a challenge or changes, and
-- hold it for `seconds`: a worker that is killed leaves it to another. As
-- catalog.webhooks.Taken. No row: nothing is due.
with due as (
  select id
  from   catalog.webhook
  where  next_try_at <= now()
    and  (leased_until is null or leased_until <= now())
    and  (
           challenge_due and state <> 'ended'
           or state = 'active'
           and position < (select coalesce(max(upto), 0) from catalog.change)
         )
  order by next_try_at, id
  limit  1
  for update skip locked
)
update catalog.webhook w
set    lease = %(lease)s::text, leased_until = now() + make_interval(secs => %(seconds)s::float)
from   due
where  w.id = due.id
returning w.id, w.url, w.services, w.territory, w.position, w.state, w.challenge_due, w.attempts,
          w.secret, case when w.old_until > now() then w.old_secret end
