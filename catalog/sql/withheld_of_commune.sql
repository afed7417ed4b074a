-- The telephones of a commune's town halls and other offices: (digits, as written, offices' names,
-- hidden since or null). No row: none publishes any.
select catalog.phone_digits(o.phone), min(o.phone), array_agg(distinct o.name), min(w.since)
from   catalog.office o
left   join catalog.withheld_phone w
       on w.commune_number = o.commune_number and w.digits = catalog.phone_digits(o.phone)
where  o.commune_number = %(number)s::integer and o.phone is not null and o.withdrawn_at is null
group  by catalog.phone_digits(o.phone)
order  by min(o.name)
