-- The mandates that a session opens, a commune's own first, the widest first: (id, commune, expires
-- at, code, name, role, services, parent, agent, chain of roles); the session's last use is noted.
-- A mandate lapses with its commune: another code, an end, or a merger since; and with any of those
-- that it was delegated by. No row: the session opens nothing.
with recursive alive as (
  select s.token_hash, s.agent_id, s.seen_at
  from   crowd.mandate_session s
  where  s.token_hash = %(hash)s::bytea
    and  s.seen_at > now() - make_interval(secs => %(idle)s::float)
), touched as (
  update crowd.mandate_session s
  set    seen_at = now()
  from   alive
  where  s.token_hash = alive.token_hash
    and  alive.seen_at < now() - make_interval(secs => %(touch)s::float)
), opened as (
  select o.mandate_id as id from crowd.session_mandate o join alive using (token_hash)
  union
  select m.id from crowd.mandate m join alive on alive.agent_id = m.agent_id
), climb (leaf, id, parent_id, role, depth, fine) as (
  select m.id, m.id, m.parent_id, m.role, 0, m.revoked_at is null and m.expires_at > now()
  from   opened join crowd.mandate m on m.id = opened.id
  union  all
  select climb.leaf, m.id, m.parent_id, m.role, climb.depth + 1,
         m.revoked_at is null and m.expires_at > now()
  from   climb join crowd.mandate m on m.id = climb.parent_id
), chain as (
  select leaf, bool_and(fine) as fine, array_agg(role order by depth desc) as roles
  from   climb group by leaf
)
select m.id, m.commune_number, m.expires_at, m.commune_code, c.name, m.role, m.services,
       m.parent_id, m.agent_id, chain.roles
from   chain
join   crowd.mandate m on m.id = chain.leaf
join   catalog.commune c on c.number = m.commune_number and c.code = m.commune_code
where  chain.fine
  and  (c.valid_to is null or c.valid_to > current_date)
  and  not exists (
    select from catalog.former_code f
    where  f.commune_number = m.commune_number and f.kind = 'merged'
      and  f.gone_by > m.made_at::date and f.gone_by <= current_date
  )
order  by m.parent_id nulls first, m.services nulls first, m.id desc
