-- The corrections of an office that count, by field, each beside what its source says: id, field,
-- value, nature, who, what was seen, when it was so, when it was said, the source's own value.
-- No row: nobody corrected it.
select c.id, c.field, c.value, c.nature, c.decided_by, c.seen, c.observed_at, c.recorded_at,
       v.fields
from (
  select distinct on (field) * from catalog.office_correction
  where  office_id = %(office)s::bigint order by field, id desc
) c
cross  join lateral (
  select fields from catalog.office_version
  where  office_id = c.office_id order by id desc limit 1
) v
where  c.value is not null
order  by c.field
