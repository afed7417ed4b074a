-- The contested facts that no moderator has read, the oldest first, as crowd.contests.Contest. No
-- row: all were read.
select c.id, c.observation_id, c.commune_number, c.service, m.role, c.reason, c.state, c.outcome,
       c.details, c.evidence_id, c.newer_id, c.made_at, c.looked_at, c.closed_at
from   crowd.contest c
join   crowd.mandate m on m.id = c.mandate_id
where  c.closed_at is null and c.id > %(after)s::bigint
order  by c.id
limit  %(limit)s::integer
