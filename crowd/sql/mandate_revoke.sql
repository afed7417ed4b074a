-- Revoke a mandate and all that was delegated by it: (id, commune), itself first. The mailboxes that
-- opened them and their drafts are forgotten with them: what is over needs neither.
-- No row: there is none, or it was revoked before.
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
), forgotten as (
  delete from crowd.mandate_holder h using ended where h.mandate_id = ended.id
), dropped as (
  delete from crowd.desk_draft d using ended where d.mandate_id = ended.id
)
select id, commune_number from ended order by depth, id
