-- Every period of every state of `services`, as tiles.bulk.tables `history`. Before the first
-- period of a pair, nothing was known of it. No row: nothing is known.
select   c.code, s.service, s.state, s.level, s.reason, s.provider, s.url, s.valid_from,
         nullif(s.valid_to, 'infinity')
from     catalog.status s
join     catalog.commune c on c.number = s.commune_number
where    s.service = any(%(services)s::text[])
order by s.service, c.code, s.valid_from
