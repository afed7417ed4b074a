-- Offices around a point, with their distance in metres on the ellipsoid. The index orders by
-- distance in degrees, which is not distance on the ground: the candidates of the page are put
-- in true order by the caller. No row: no (further) office of that kind.
select o.id, o.kind, o.name, c.code as commune_code, c.name as commune_name,
       c.departement_code, o.address, o.email, o.phone, o.website, o.hours, o.accessibility,
       o.accessibility_details, o.timezone, st_y(o.point) as lat, st_x(o.point) as lon,
       st_distance(o.point::geography,
                   st_setsrid(st_makepoint(%(lon)s::float8, %(lat)s::float8), 4326)::geography)
         as distance_m,
       o.source_id, o.observed_at
from (
  select *
  from (
    select *
    from   catalog.office
    where  withdrawn_at is null
      and  point is not null
      and  (%(kind)s::text is null or kind = %(kind)s::text)
    order  by point <-> st_setsrid(st_makepoint(%(lon)s::float8, %(lat)s::float8), 4326)
    limit  (%(limit)s::integer + %(offset)s::integer) * 2 + 10
  ) candidates
  order  by st_distance(point::geography,
                        st_setsrid(st_makepoint(%(lon)s::float8, %(lat)s::float8), 4326)::geography)
  limit  %(limit)s::integer offset %(offset)s::integer
) o
left   join catalog.commune c on c.number = o.commune_number
