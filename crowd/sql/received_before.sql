-- Which of these forms were received before: (once, id, reference, state). No row: none was.
select once, id, reference, state
from   crowd.contribution
where  once = any(%(onces)s::bytea[])
