-- The box of some communes: west, south, east, north in metres of a projection. One row; nulls
-- when none of them has an outline.
select st_xmin(box), st_ymin(box), st_xmax(box), st_ymax(box)
from (
  select st_extent(st_transform(geometry, %(epsg)s::integer)) as box
  from   catalog.commune_outline join catalog.commune using (number)
  where  number = any(%(numbers)s::integer[])
    and  valid_to is null
) boxes
