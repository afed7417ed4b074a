-- Note the offices of a source whose point lies more than 5 km outside their commune, and return
-- (source's id, metres) of each. 0.03 degrees are less than 5 km everywhere, and cheaper to ask.
-- No row: none is far.
with far as (
  insert into catalog.office_far (office_id, metres)
  select id, metres
  from (
    select o.id, st_distance(o.point::geography, l.geometry::geography) as metres
    from   catalog.office o
    join   catalog.commune_outline l on l.number = o.commune_number
    where  o.source_id = %(source)s::text
      and  o.withdrawn_at is null
      and  not st_dwithin(o.point, l.geometry, 0.03)
  ) outside
  where metres > 5000
  returning office_id, metres
)
select o.remote_id, far.metres
from   far join catalog.office o on o.id = far.office_id
order  by o.remote_id
