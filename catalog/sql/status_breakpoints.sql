-- The days, UTC, up to today, on which the state of some service changes somewhere (in these
-- communes; null: in any). No row: nothing is known yet.
select distinct (valid_from at time zone 'UTC')::date as day
from   catalog.status
where  valid_from <= now()
  and  (%(communes)s::integer[] is null or commune_number = any(%(communes)s::integer[]))
order  by day
