-- Declarations of one commune come one after the other, until the transaction's end. One row.
select pg_advisory_xact_lock(7022362, %(number)s::integer)
