-- The days, UTC, up to today, on which the state of some service changes somewhere.
-- No row: nothing is known yet.
select distinct (valid_from at time zone 'UTC')::date as day
from   catalog.status
where  valid_from <= now()
order  by day
