-- The offices of a source that it no longer lists and whose grace period ended by `before`:
-- we learnt it at that instant or earlier. No row: none.
select p.office_id
from   catalog.office_orphan p
join   catalog.office o on o.id = p.office_id
where  o.source_id = %(source)s::text
  and  o.withdrawn_at is null
  and  p.recorded_at <= %(before)s::timestamptz
