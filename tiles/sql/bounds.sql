-- West, south, east, north (EPSG:3857) of each département: where there is land. No row: no
-- commune has an outline.
select st_xmin(b), st_ymin(b), st_xmax(b), st_ymax(b)
from (
  select st_extent(geometry_3857) as b
  from   catalog.commune
  where  geometry_3857 is not null and valid_to is null
  group  by departement_code
) boxes
