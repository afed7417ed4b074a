-- The observations that made a status begin, oldest first, as catalog.changes.Change.
-- No row: nothing changed after `since`. Statements about all of France are not listed.
-- The lateral keeps the walk in the order of observations, so that a page reads about as many
-- rows as it gives; a plain join reads and sorts the whole catalogue.
select   observation.id, commune.code, observation.service, begun.state, begun.level,
         observation.observed_at, observation.source_id, observation.seen,
         observation.recorded_at
from     catalog.observation
cross join lateral (
  select status.state, status.level
  from   catalog.status
  where  status.service = observation.service
    and  status.commune_number = observation.commune_number
    and  status.valid_from = observation.observed_at
    and  status.observation_id = observation.id
  limit  1
) begun
join     catalog.commune on commune.number = observation.commune_number
where    observation.id > %(since)s::bigint
  and    observation.id <= %(upto)s::bigint
order by observation.id
limit    %(limit)s::int
