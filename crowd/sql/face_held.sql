-- The faces that were received and are not counted, of every procedure (or of one), by reason.
select procedure_id, held, count(*), max(at)
from   crowd.face
where  held is not null
  and  (%(procedure)s::text is null or procedure_id = %(procedure)s::text)
group  by procedure_id, held
