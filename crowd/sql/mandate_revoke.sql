-- Revoke a mandate and all that was delegated by it: (id, commune), itself first. Their mailboxes
-- are forgotten by the sweep. No row: there is none, or it was revoked before.
with recursive below (id, depth) as (
  select m.id, 0 from crowd.mandate m
  where  m.id = %(mandate)s::bigint and m.revoked_at is null
  union  all
  select m.id, below.depth + 1 from crowd.mandate m join below on m.parent_id = below.id
), ended as (
  update crowd.mandate m
  set    revoked_at = now()
  from   below
  where  m.id = below.id and m.revoked_at is null
  returning m.id, m.commune_number, below.depth
)
select id, commune_number from ended order by depth, id
