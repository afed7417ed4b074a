-- Requests for codes count one after the other, until the transaction's end. One row.
select pg_advisory_xact_lock(7022361)
