-- Candidates for "the offices nearest to a point", as catalog.offices rows: the `candidates` first
-- by distance in degrees (which the index orders by), each with that distance and its distance in
-- metres on the ellipsoid. `longitudes` holds the point's longitude, and the same one turn away
-- where the 180th meridian is near. `with_hours`: only offices whose hours are known.
-- An office that is merged into another one is that one, and is not listed by itself.
-- Fewer rows than `candidates`: there is no other office of that kind anywhere. No row: none.
select o.id, o.kind, o.name, c.code as commune_code, c.name as commune_name,
       c.departement_code, o.address, o.email, o.phone, o.website, o.hours, o.accessibility,
       o.accessibility_details, o.timezone, st_y(o.point) as lat, st_x(o.point) as lon,
       st_distance(o.point::geography,
                   st_setsrid(st_makepoint(%(lon)s::float8, %(lat)s::float8), 4326)::geography)
         as distance_m,
       o.source_id, o.observed_at, o.sources, o.unlisted_since, o.helps_with,
       far.office_id is not null as far, near.degrees, o.phone_withheld_since
from (
  select each.id, min(each.degrees) as degrees
  from   unnest(%(longitudes)s::float8[]) as around (longitude)
  cross  join lateral (
    select f.id,
           f.point <-> st_setsrid(st_makepoint(around.longitude, %(lat)s::float8), 4326)
             as degrees
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
  group  by each.id
  order  by min(each.degrees)
  limit  %(candidates)s::integer
) near
join   catalog.pub_office o on o.id = near.id
left   join catalog.commune c on c.number = o.commune_number
left   join catalog.office_far far on far.office_id = o.id
order  by near.degrees, o.id
