-- One vector tile of the borders of areas of one kind (layer named after the kind; code is the
-- area's). Always one row; an empty tile is zero bytes.
select coalesce(st_asmvt(feature, %(kind)s::text, %(extent)s::integer, 'geom'
                         order by feature.code), ''::bytea)
from (
  select a.code,
         st_asmvtgeom(a.border_3857,
                      st_tileenvelope(%(z)s::integer, %(x)s::integer, %(y)s::integer)::box2d,
                      %(extent)s::integer, %(buffer)s::integer, true) as geom
  from   tiles.area a
  where  a.kind = %(kind)s::text
    and  a.border_3857 && st_tileenvelope(
           %(z)s::integer, %(x)s::integer, %(y)s::integer, margin => %(margin)s::float8)
) feature
where  geom is not null
