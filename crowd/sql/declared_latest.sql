-- The latest declaration of a commune on each service: (service, id, state, url, seen, observed at).
-- No row: it declared nothing.
select distinct on (service) service, id, state, url, seen, observed_at
from   catalog.observation
where  commune_number = %(number)s::integer and source_id = 'communes' and nature = 'agent'
order  by service, id desc
