-- Every office that is not withdrawn, as tiles.bulk.tables `offices`: a place that several sources
-- describe has one row. No row: none is known.
select   o.id, o.kind, o.name, c.code, o.address, o.email, o.phone, o.website, o.hours::text,
         o.timezone, o.accessibility, o.helps_with,
         round(st_x(o.point)::numeric, 6)::double precision,
         round(st_y(o.point)::numeric, 6)::double precision, o.sources, o.observed_at,
         o.unlisted_since, o.phone_withheld_since, st_asbinary(o.point)
from     catalog.pub_office o
left join catalog.commune c on c.number = o.commune_number
order by o.id
