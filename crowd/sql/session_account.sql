-- Whose session this is: (account id, role); its last use is noted when the former is old enough.
-- No row: unknown, ended, idle for too long, too old, or the account is closed.
with alive as (
  select s.token_hash, s.seen_at, a.id, a.role
  from   crowd.session s
  join   crowd.account a on a.id = s.account_id
  where  s.token_hash = %(hash)s::bytea
    and  a.disabled_at is null
    and  s.seen_at > now() - make_interval(secs => %(idle)s::float)
    and  s.created_at > now() - make_interval(secs => %(longest)s::float)
), touched as (
  update crowd.session s
  set    seen_at = now()
  from   alive
  where  s.token_hash = alive.token_hash
    and  alive.seen_at < now() - make_interval(secs => %(touch)s::float)
)
select id, role
from   alive
