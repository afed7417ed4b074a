-- What the same source says since of the same pair: (id, state, whether it says the same). No row:
-- it said nothing since.
select n.id, n.state, n.state is not distinct from o.state and n.url is not distinct from o.url
from   catalog.observation o
join   catalog.observation n on n.source_id = o.source_id and n.service = o.service
       and n.commune_number is not distinct from o.commune_number
where  o.id = %(observation)s::bigint and n.id > o.id
order  by n.id desc
limit  1
