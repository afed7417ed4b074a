-- Note the offices of a source, or (an evidence given) those that it spoke of last, whose point
-- lies more than 5 km outside their commune. 0.03 degrees are less than 5 km everywhere, and
-- cheaper to ask; most points lie inside, which is cheaper still. No answer.
insert into catalog.office_far (office_id, metres)
select id, metres
from (
  select o.id, st_distance(o.point::geography, l.geometry::geography) as metres
  from   catalog.office o
  join   catalog.commune_outline l on l.number = o.commune_number
  where  o.source_id = %(source)s::text
    and  (%(evidence)s::bigint is null or o.evidence_id = %(evidence)s::bigint)
    and  o.withdrawn_at is null
    and  not st_dwithin(o.point, l.geometry, 0.03)
) outside
where metres > 5000
