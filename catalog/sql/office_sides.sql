-- Offices as people compare them: who lists each, and what it says. No row: none of them exists.
select o.id, o.kind, o.name, o.source_id, s.title as source, o.remote_id, c.code as commune_code,
       c.name as commune, o.address, o.phone, o.email, o.siret, st_x(o.point) as longitude,
       st_y(o.point) as latitude, o.hours is not null as hours, o.withdrawn_at
from   catalog.office o
join   catalog.source s on s.id = o.source_id
left   join catalog.commune c on c.number = o.commune_number
where  o.id = any(%(ids)s::bigint[])
