-- West, south, east, north (EPSG:3857) of each kept outline of a geography: where there is land.
-- No row: no commune has an outline.
select st_xmin(geometry_3857), st_ymin(geometry_3857), st_xmax(geometry_3857),
       st_ymax(geometry_3857)
from   tiles.outline
where  geography = %(geography)s::text
