-- The moderators' queue in one state, oldest first, after an id, as crowd.moderation.Line.
-- No row: nothing waits.
select c.id, c.reference, c.voice_id, c.kind, c.commune_number, m.code as commune_code,
       m.name as commune, c.service, c.state, c.why, c.created_at, c.speaker,
       (select count(*)::integer
        from   (select from crowd.contribution o
                where  o.commune_number = c.commune_number and o.service = c.service
                  and  o.kind = c.kind and o.id <> c.id
                  and  o.state in ('waiting', 'asked', 'held')
                limit  100) as others) as similar
from   (select *
        from   crowd.contribution
        where  state in ('waiting', 'asked', 'held') and state = %(state)s::text
          and  id > %(after)s::bigint
        order  by id
        limit  %(limit)s::integer) as c
join   catalog.commune m on m.number = c.commune_number
order  by c.id
