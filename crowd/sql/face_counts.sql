-- The counted faces of every procedure of a kind (or of one), by level. No row: no face.
select p.id, d.level, sum(d.n)::bigint
from   crowd.procedure p join crowd.face_day d on d.procedure_id = p.id
where  %(procedure)s::text is null or p.id = %(procedure)s::text
group  by p.id, d.level
