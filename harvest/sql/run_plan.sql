-- The plan of a run, in lines that people read. No row: it changed nothing, or is not known.
select lines from harvest.run_plan where run_id = %(run)s::bigint
