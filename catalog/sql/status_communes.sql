-- Numbers of the communes that exist today, in order; `communes` null: all of them.
-- No row: none of those asked for exists.
select number
from   catalog.commune
where  valid_to is null
  and  (%(communes)s::integer[] is null or number = any(%(communes)s::integer[]))
order  by number
