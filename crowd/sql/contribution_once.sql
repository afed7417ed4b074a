-- A contribution by the form that it came in: (id, reference, state). No row: not received.
select id, reference, state
from   crowd.contribution
where  once = %(once)s::bytea
