-- Every commune with its postal codes and a point inside it, null without outline. No row: the
-- territory was not read.
select c.code, c.number, c.name, c.postal_codes, st_x(o.centre) as longitude,
       st_y(o.centre) as latitude
from   catalog.commune c
left   join catalog.commune_outline o on o.number = c.number
order  by c.code
