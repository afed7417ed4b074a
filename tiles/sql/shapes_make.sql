-- Make polygons of the areas of a geography from their borders, in degrees. No answer.
-- A border with no inside (a source whose outlines do not close) makes no polygon.
insert into tiles.area_shape (geography, kind, code, geometry)
select geography, kind, code, st_multi(st_transform(built, 4326))
from  (select geography, kind, code, st_buildarea(border_3857) as built
       from   tiles.area
       where  geography = %(geography)s::text) made
where  built is not null and not st_isempty(built)
