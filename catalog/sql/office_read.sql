-- Some offices whole, as catalog.offices rows; `near` is a JSON array of {id, distance_m}, in the order
-- of the answer. From JSON because PostgreSQL then counts on 100 of them whatever their number, and
-- keeps one plan: with an array it would plan the view again each time, which costs more than reading
-- it. An office withdrawn meanwhile has no row.
select o.id, o.kind, o.name, c.code as commune_code, c.name as commune_name,
       c.departement_code, o.address, o.email, o.phone, o.website, o.hours, o.accessibility,
       o.accessibility_details, o.timezone, st_y(o.point) as lat, st_x(o.point) as lon,
       near.distance_m, o.source_id, o.observed_at, o.sources, o.unlisted_since, o.helps_with,
       far.office_id is not null as far,
       o.phone_withheld_since
from   jsonb_to_recordset(%(near)s::jsonb) as near (id bigint, distance_m float8)
join   catalog.pub_office o on o.id = near.id
left   join catalog.commune c on c.number = o.commune_number
left   join catalog.office_far far on far.office_id = o.id
order  by near.distance_m, near.id
