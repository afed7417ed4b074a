-- The offices merged into one, with their source and its id for each. No row: none is.
with recursive merged (id) as (
  select r.old_id from catalog.office_redirect r where r.new_id = %(id)s::bigint
  union
  select r.old_id from catalog.office_redirect r join merged on r.new_id = merged.id
)
select o.id, o.source_id, o.remote_id, o.name, m.score, m.reason, m.decided_by, m.recorded_at
from   merged
join   catalog.office o on o.id = merged.id
left   join lateral (
  select score, reason, decided_by, recorded_at from catalog.office_merge
  where  merged_id = o.id and action = 'merge' order by id desc limit 1
) m on true
order  by o.id
