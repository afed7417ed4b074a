-- The counted faces of a procedure over its last days, by day and level, newest first.
select day, level, n
from   crowd.face_day
where  procedure_id = %(procedure)s::text
order  by day desc, level
limit  150
