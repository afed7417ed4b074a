-- The observations that made a status begin, oldest first, as catalog.changes.Change.
-- No row: nothing changed after `since`. Statements about all of France are not listed.
select   observation.id, commune.code, observation.service, status.state, status.level,
         status.valid_from, observation.source_id, observation.seen, observation.recorded_at
from     catalog.observation
join     catalog.status
  on     status.service = observation.service
  and    status.commune_number = observation.commune_number
  and    status.valid_from = observation.observed_at
  and    status.observation_id = observation.id
join     catalog.commune on commune.number = observation.commune_number
where    observation.id > %(since)s::bigint
  and    observation.id <= %(upto)s::bigint
order by observation.id
limit    %(limit)s::int
