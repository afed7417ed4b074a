-- Whether the areas of a geography are kept as polygons. One row, true or false.
select exists (select from tiles.area_shape where geography = %(geography)s::text)
