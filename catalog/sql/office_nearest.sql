-- Candidates for "the offices nearest to a point": the `candidates` first by distance in degrees
-- (which the index orders by), of which the `keep` first by distance in metres on the ellipsoid are
-- given. Each row also tells of all candidates `candidates_read`, their number, and `degrees`, the
-- farthest. `longitudes` holds the point's longitude, and the same one turn away where the 180th
-- meridian is near. `with_hours`: only offices whose own hours are known.
-- An office that is merged into another one is that one, and is not listed by itself.
-- `candidates_read` below `candidates`: there is no other office of that kind anywhere. No row: none.
select found.id, found.distance_m, max(found.degrees) over () as degrees,
       count(*) over () as candidates_read
from (
  select each.id, min(each.degrees) as degrees,
         st_distance(each.point::geography,
                     st_setsrid(st_makepoint(%(lon)s::float8, %(lat)s::float8), 4326)::geography)
           as distance_m
  from   unnest(%(longitudes)s::float8[]) as around (longitude)
  cross  join lateral (
    select f.id, f.point,
           f.point <-> st_setsrid(st_makepoint(around.longitude, %(lat)s::float8), 4326) as degrees
    from   catalog.office f
    where  f.withdrawn_at is null
      and  f.point is not null
      and  (%(kind)s::text is null or f.kind = %(kind)s::text)
      and  (f.hours is not null or not %(with_hours)s::boolean)
      and  not exists (
        select from catalog.office_redirect r
        join   catalog.office keeper on keeper.id = r.new_id
        where  r.old_id = f.id and keeper.withdrawn_at is null
      )
    order  by f.point <-> st_setsrid(st_makepoint(around.longitude, %(lat)s::float8), 4326)
    limit  %(candidates)s::integer
  ) each
  group  by each.id, each.point
  order  by min(each.degrees)
  limit  %(candidates)s::integer
) found
order  by found.distance_m, found.id
limit  %(keep)s::integer
