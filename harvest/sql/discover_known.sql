-- What earlier visits say of a commune, service by service, the latest each time. No row: it was
-- never visited, or nothing was found.
select distinct on (service)
       service, id, state, url, attributes, seen, observed_at
from   catalog.observation
where  source_id = 'discovery' and commune_number = %(number)s::integer
order  by service, observed_at desc, id desc
