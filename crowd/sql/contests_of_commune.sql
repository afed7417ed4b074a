-- The contested facts of a commune, the latest first, as crowd.contests.Contest. No row: none is.
select c.id, c.observation_id, c.commune_number, c.service, m.role, c.reason, c.state, c.outcome,
       c.details, c.evidence_id, c.newer_id, c.made_at, c.looked_at, c.closed_at
from   crowd.contest c
join   crowd.mandate m on m.id = c.mandate_id
where  c.commune_number = %(number)s::integer
  and  (%(service)s::text is null or c.service = %(service)s::text)
order  by c.id desc
limit  500
