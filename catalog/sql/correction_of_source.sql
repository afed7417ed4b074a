-- The corrections that count of the offices of a source: office, the source's id for it, name,
-- field, corrected value, what the source said last. No row: nobody corrected any.
select o.id, o.remote_id, o.name, c.field, c.value, v.fields
from   catalog.office o
join   lateral (
  select distinct on (field) field, value from catalog.office_correction
  where  office_id = o.id order by field, id desc
) c on c.value is not null
cross  join lateral (
  select fields from catalog.office_version
  where  office_id = o.id order by id desc limit 1
) v
where  o.source_id = %(source)s::text
  and  o.id in (select office_id from catalog.office_correction)
order  by o.id, c.field
