-- Contributions of one author are dropped: their state, and one decision each.
with moved as (
  update crowd.contribution
  set    state = %(state)s::text, version = version + 1, decided_at = now(),
         seen_at = coalesce(seen_at, now())
  where  id = any(%(ids)s::bigint[])
  returning id
)
insert into crowd.decision (contribution_id, actor, action, reason)
select id, %(actor)s::text, %(action)s::text, %(reason)s::text
from   moved
