-- The difficulties of a state (and of one procedure, unless null), newest first.
select d.id, d.reference, d.kind, d.page, d.screen, d.language, d.comment, d.scrubbed, d.channel,
       d.state, d.at, p.id as procedure_id, p.name as procedure
from   crowd.difficulty d join crowd.procedure p on p.id = d.procedure_id
where  d.state = %(state)s::text
  and  (%(procedure)s::text is null or d.procedure_id = %(procedure)s::text)
  and  (%(before)s::bigint = 0 or d.id < %(before)s::bigint)
order  by d.id desc
limit  %(most)s::integer
