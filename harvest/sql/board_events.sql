-- What happened in one run, in order. No row: nothing worth a word.
select at, level, message from harvest.run_event where run_id = %(run)s::bigint order by id
