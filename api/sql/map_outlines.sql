-- Number, outline (WKB, EPSG:4326) and département of every commune that meets a box given in
-- metres of a projection. No row: there is no land in the box.
select number, st_asbinary(geometry), departement_code
from   catalog.commune_outline join catalog.commune using (number)
where  geometry && st_transform(
         st_makeenvelope(%(west)s::float8, %(south)s::float8, %(east)s::float8, %(north)s::float8,
                         %(epsg)s::integer), 4326)
  and  valid_to is null
order  by number
