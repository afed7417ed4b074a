-- What is compared of these offices, as catalog.likeness.Place with its id first, and whether its
-- hours are known. No row: none of them exists.
select o.id, o.kind, o.name, c.code, o.address, o.phone, o.email, o.siret, st_x(o.point),
       st_y(o.point), o.hours is not null
from   catalog.office o
left   join catalog.commune c on c.number = o.commune_number
where  o.id = any(%(ids)s::bigint[])
