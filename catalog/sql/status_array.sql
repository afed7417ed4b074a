-- One row always: the highest commune number, then the numbers whose state is known at `at`
-- and their states, as two arrays in PostgreSQL's binary form (null: nothing is known).
-- Binary arrays are read by numpy in one go: 35,000 rows would cost ten times as much.
select (select coalesce(max(number), 0) from catalog.commune) as length,
       array_send(array_agg(commune_number)) as numbers,
       array_send(array_agg(state)) as states
from   catalog.status
where  service = %(service)s::text
  and  valid_from <= %(at)s::timestamptz
  and  valid_to > %(at)s::timestamptz
  and  state > 0
