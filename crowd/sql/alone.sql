-- Wait for the turn of each of these numbers, in the order given, until the transaction's end.
select pg_advisory_xact_lock(lock)
from   unnest(%(locks)s::bigint[]) as lock
