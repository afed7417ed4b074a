-- The last statement of a source for each (service, commune or null, date). No row: it never
-- spoke.
select distinct on (service, commune_number, observed_at)
       service, commune_number, observed_at, state, attributes, url, provider, seen
from   catalog.observation
where  source_id = %(source)s::text
order  by service, commune_number, observed_at, id desc
