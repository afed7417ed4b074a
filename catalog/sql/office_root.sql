-- The office that readers see for an id: itself, or the one that it was merged into, however many
-- steps away. One row: its id. No row: there is no such office.
with recursive steps (id, step) as (
  select id, 0 from catalog.office where id = %(id)s::bigint
  union
  select r.new_id, s.step + 1
  from   steps s
  join   catalog.office_redirect r on r.old_id = s.id
  join   catalog.office keeper on keeper.id = r.new_id and keeper.withdrawn_at is null
)
select id from steps order by step desc limit 1
