-- Everything said of some pairs (commune, service), and of their services in all of France, oldest
-- first: the pair's place, then the columns of `observation_of_commune`. No row: nothing was said.
select p.place, o.*
from   unnest(%(communes)s::integer[], %(services)s::text[])
       with ordinality as p (commune, service, place),
       lateral (select id, commune_number, service, state, attributes, url, provider, nature,
                       source_id, evidence_id, seen, observed_at, recorded_at, valid_until,
                       supersedes
                from   catalog.observation
                where  (commune_number = p.commune or commune_number is null)
                  and  service = p.service) as o
order  by p.place, o.observed_at, o.id
