-- Everything said of one commune (and of all of France), oldest first, as
-- catalog.observations.Observation. `service` null: every service. No row: nothing was said.
select id, commune_number, service, state, attributes, url, provider, nature, source_id,
       evidence_id, seen, observed_at, recorded_at, valid_until, supersedes
from   catalog.observation
where  (commune_number = %(number)s::integer or commune_number is null)
  and  (%(service)s::text is null or service = %(service)s::text)
order  by observed_at, id
