-- The bytes (gzip) of one kept answer. No row: nobody asked to keep an answer of that identifier.
select body
from   simulators.answer
where  id = %(id)s::text
  and  simulator = %(simulator)s::text
