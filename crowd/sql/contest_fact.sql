-- What a contest that waits is about: (observation, commune, its code, service, state, link, page,
-- nature, source). No row: there is none, or somebody looked.
select o.id, c.commune_number, k.code, o.service, o.state, o.url, o.attributes ->> 'page', o.nature,
       o.source_id
from   crowd.contest c
join   catalog.observation o on o.id = c.observation_id
join   catalog.commune k on k.number = c.commune_number
where  c.id = %(id)s::bigint and c.state = 'waiting'
for    update of c
