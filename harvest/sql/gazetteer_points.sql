-- The commune in whose outline each named point lies. A point in none has no row; one on a border
-- has the first commune by code.
select distinct on (p.name) p.name, c.code
from   unnest(%(names)s::text[], %(longitudes)s::float8[], %(latitudes)s::float8[])
         as p (name, longitude, latitude)
join   catalog.commune_outline o
       on st_intersects(o.geometry, st_setsrid(st_makepoint(p.longitude, p.latitude), 4326))
join   catalog.commune c on c.number = o.number
order  by p.name, c.code
