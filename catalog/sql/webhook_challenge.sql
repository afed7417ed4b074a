-- Have a challenge sent at once, unless one was asked for in the last `seconds`. One row: how many
-- seconds are left to wait, 0 when it is asked. No row: none of this id and token, or it is ended.
with found as (
  select id, challenged_at + make_interval(secs => %(seconds)s::float) - now() as left
  from   catalog.webhook
  where  id = %(id)s::text and token_hash = %(token_hash)s::bytea and state <> 'ended'
  for update
), asked as (
  update catalog.webhook w
  set    challenge_due = true, challenged_at = now(), next_try_at = now(),
         attempts = case when w.state = 'pending' then 0 else w.attempts end
  from   found
  where  w.id = found.id and found.left <= interval '0'
)
select greatest(0, ceil(extract(epoch from found.left)))::integer from found
