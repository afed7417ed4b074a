-- What is said of all of France at once, oldest first, as catalog.observations.Observation.
-- No row: no such statement about the `known` services.
select id, commune_number, service, state, attributes, url, provider, nature, source_id,
       evidence_id, seen, observed_at, recorded_at, valid_until, supersedes
from   catalog.observation
where  commune_number is null
  and  service = any(%(known)s::text[])
order  by observed_at, id
