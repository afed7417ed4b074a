-- Contributions that were accepted and stand, latest first, with what was said before and what is
-- said now; of one commune when it is given. As crowd.following.Changed. No row: nothing changed yet.
select c.id, m.code as commune_code, m.name as commune, c.service, c.kind, c.decided_at,
       (c.before ->> 'state')::integer as before, s.state as after, c.thanks_name, c.speaker
from   crowd.contribution c
join   catalog.commune m on m.number = c.commune_number
left   join catalog.status s on s.service = c.service and s.commune_number = c.commune_number
            and s.valid_from <= now() and s.valid_to > now()
where  c.state = 'accepted'
  and  (%(commune)s::integer is null or c.commune_number = %(commune)s::integer)
  and  exists (select from crowd.publication p
               where p.contribution_id = c.id and p.reverted_by is null)
  and  (%(before)s::bigint is null or c.id < %(before)s::bigint)
order  by c.id desc
limit  %(limit)s::integer
