-- The corrections of an office that count, by field, each beside what its source says: id, field,
-- value, nature, who, what was seen, when it was so, when it was said, the source's own value. A
-- telephone that the commune wants hidden is not in them, whoever said it.
-- No row: nobody corrected it.
select c.id, c.field,
       case when mine.digits is null then c.value else '{"value": null}' end,
       c.nature, c.decided_by,
       case when mine.digits is null then c.seen else '–' end, c.observed_at, c.recorded_at,
       case when theirs.digits is null then v.fields else v.fields - 'phone' end
from (
  select distinct on (field) * from catalog.office_correction
  where  office_id = %(office)s::bigint order by field, id desc
) c
cross  join lateral (
  select fields from catalog.office_version
  where  office_id = c.office_id order by id desc limit 1
) v
join   catalog.office o on o.id = c.office_id
left   join catalog.withheld_phone mine on c.field = 'phone'
       and mine.commune_number = o.commune_number
       and mine.digits = catalog.phone_digits(c.value ->> 'value')
left   join catalog.withheld_phone theirs on theirs.commune_number = o.commune_number
       and theirs.digits = catalog.phone_digits(v.fields ->> 'phone')
where  c.value is not null
order  by c.field
