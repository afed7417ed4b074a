-- One vector tile of a geography. Layer communes: id is the commune's number; name and code only
-- where there is room for them, and no commune at all unless `communes`. One layer for the borders
-- of each kind in `kinds`: code is the area's. Vertices snap to one grid per zoom, so neighbours
-- keep one shared border. Always one row; an empty tile is zero bytes. A vector tile is a sequence
-- of layers: they are joined end to end.
-- `offset 0` keeps the planner from merging the condition on `geom` into the inner select, where
-- each geometry would be clipped twice: half of the processor of a tile of zooms 5 to 9.
select coalesce(string_agg(layer, ''::bytea order by place), ''::bytea)
from (
  select 0 as place,
         (select st_asmvt(feature, 'communes', %(extent)s::integer, 'geom', 'id'
                          order by feature.id)
          from (
            select o.number as id,
                   case when %(labels)s::boolean then o.name end as name,
                   case when %(labels)s::boolean then o.code end as code,
                   st_asmvtgeom(
                     o.geometry_3857,
                     st_tileenvelope(%(z)s::integer, %(x)s::integer, %(y)s::integer)::box2d,
                     %(extent)s::integer, %(buffer)s::integer, true) as geom
            from   tiles.outline o
            where  %(communes)s::boolean
              and  o.geography = %(geography)s::text
              and  o.geometry_3857 && st_tileenvelope(
                     %(z)s::integer, %(x)s::integer, %(y)s::integer, margin => %(margin)s::float8)
            offset 0
          ) feature
          where geom is not null) as layer
  union all
  select kind.place,
         (select st_asmvt(feature, kind.name, %(extent)s::integer, 'geom'
                          order by feature.code)
          from (
            select a.code,
                   st_asmvtgeom(
                     a.border_3857,
                     st_tileenvelope(%(z)s::integer, %(x)s::integer, %(y)s::integer)::box2d,
                     %(extent)s::integer, %(buffer)s::integer, true) as geom
            from   tiles.area a
            where  a.kind = kind.name
              and  a.geography = %(geography)s::text
              and  a.border_3857 && st_tileenvelope(
                     %(z)s::integer, %(x)s::integer, %(y)s::integer, margin => %(margin)s::float8)
            offset 0
          ) feature
          where geom is not null)
  from   unnest(%(kinds)s::text[]) with ordinality as kind (name, place)
) layers
