-- The facts of a held plan that are still the last thing that their source said: number, service,
-- the observation to supersede. Those that it said otherwise since are left out.
-- No row: nothing is left to withdraw.
select last.commune_number, last.service, last.id
from   unnest(%(ids)s::bigint[]) as wanted (id)
join   catalog.observation o on o.id = wanted.id
cross  join lateral (
  select n.id, n.commune_number, n.service from catalog.observation n
  where  n.source_id = o.source_id and n.commune_number = o.commune_number
    and  n.service = o.service
  order  by n.observed_at desc, n.id desc limit 1
) last
where  last.id = wanted.id
