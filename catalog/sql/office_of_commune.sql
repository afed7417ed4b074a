-- The offices of a commune, the mairie first; one for each place, whatever the number of sources.
-- No row: none is known.
select o.id, o.kind, o.name, c.code as commune_code, c.name as commune_name,
       c.departement_code, o.address, o.email, o.phone, o.website, o.hours, o.accessibility,
       o.accessibility_details, o.timezone, st_y(o.point) as lat, st_x(o.point) as lon,
       0::float8 as distance_m, o.source_id, o.observed_at, o.sources, o.unlisted_since,
       o.helps_with, far.office_id is not null as far, o.phone_withheld_since
from   catalog.pub_office o
join   catalog.commune c on c.number = o.commune_number
left   join catalog.office_far far on far.office_id = o.id
where  o.commune_number = %(number)s::integer
order  by o.kind <> 'mairie', o.name, o.id
