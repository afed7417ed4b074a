-- Every commune with its postal codes and a point inside it. No row: the territory was not read.
select code, name, postal_codes, st_x(centre) as longitude, st_y(centre) as latitude
from   catalog.commune
order  by code
