-- What waits on the same pair and says the same kind of thing, oldest first, without one of them.
-- No row: it is alone.
select c.id, c.reference, c.voice_id, c.kind, c.commune_number, m.code as commune_code,
       m.name as commune, c.service, c.state, c.why, c.created_at, c.speaker, 0 as similar
from   crowd.contribution c
join   catalog.commune m on m.number = c.commune_number
where  c.commune_number = %(commune)s::integer and c.service = %(service)s::text
  and  c.kind = %(kind)s::text and c.id <> %(id)s::bigint
  and  c.state in ('waiting', 'asked', 'held')
order  by c.id
limit  %(limit)s::integer
