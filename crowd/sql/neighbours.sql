-- What others said of some pairs and is not refused: (place of the pair, id, voice, claim, state,
-- whether the author's address is confirmed, where it came from; null once forgotten). Newest
-- first. No row: nobody said anything.
select p.place, c.id, c.voice_id, c.claim, c.state, k.confirmed_at is not null, o.network
from   unnest(%(communes)s::integer[], %(services)s::text[])
       with ordinality as p (commune, service, place),
       lateral (select id, voice_id, claim, state
                from   crowd.contribution
                where  commune_number = p.commune and service = p.service
                  and  state in ('waiting', 'asked', 'accepted')
                order  by id desc
                limit  50) as c
left   join crowd.contact k on k.contribution_id = c.id
left   join crowd.origin o on o.contribution_id = c.id
order  by p.place, c.id desc
