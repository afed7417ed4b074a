-- Every office that is not withdrawn, as tiles.bulk.tables `offices`. No row: none is known.
select   o.id, o.kind, o.name, c.code, o.address, o.email, o.phone, o.website, o.hours::text,
         o.timezone, o.accessibility, o.helps_with, round(st_x(o.point)::numeric, 6)::double precision,
         round(st_y(o.point)::numeric, 6)::double precision, o.source_id, o.observed_at,
         st_asbinary(o.point)
from     catalog.office o
left join catalog.commune c on c.number = o.commune_number
where    o.withdrawn_at is null
order by o.id
