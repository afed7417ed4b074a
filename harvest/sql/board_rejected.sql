-- The values of a run that were not believed, in the order of the file: after the row `after`.
-- No row: there are no more.
select id, remote_id, field, reason, value from harvest.rejected
where  run_id = %(run)s::bigint and id > %(after)s::bigint
order  by id
limit  %(limit)s::integer
