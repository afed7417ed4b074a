-- What others said of the same pair and is not refused: (id, voice, claim, state, whether the
-- author's address is confirmed, where it came from; null once forgotten). Newest first.
-- No row: nobody said anything.
select c.id, c.voice_id, c.claim, c.state, k.confirmed_at is not null, o.network
from   crowd.contribution c
left   join crowd.contact k on k.contribution_id = c.id
left   join crowd.origin o on o.contribution_id = c.id
where  c.commune_number = %(commune)s::integer
  and  c.service = %(service)s::text
  and  c.state in ('waiting', 'asked', 'accepted')
  and  c.id <> coalesce(%(but)s::bigint, 0)
order  by c.id desc
limit  50
