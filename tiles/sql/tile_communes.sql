-- One vector tile of communes (layer communes: id is the commune's number; name and code only
-- where there is room for them). Vertices snap to one grid per zoom, so neighbours keep one
-- shared border. Always one row; an empty tile is zero bytes.
select coalesce(st_asmvt(feature, 'communes', %(extent)s::integer, 'geom', 'id'
                         order by feature.id), ''::bytea)
from (
  select c.number as id,
         case when %(labels)s::boolean then c.name end as name,
         case when %(labels)s::boolean then c.code end as code,
         st_asmvtgeom(c.geometry_3857,
                      st_tileenvelope(%(z)s::integer, %(x)s::integer, %(y)s::integer)::box2d,
                      %(extent)s::integer, %(buffer)s::integer, true) as geom
  from   catalog.commune c
  where  c.geometry_3857 && st_tileenvelope(
           %(z)s::integer, %(x)s::integer, %(y)s::integer, margin => %(margin)s::float8)
    and  c.valid_to is null
) feature
where  geom is not null
