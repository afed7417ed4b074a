-- Note what happened in a run, now. No answer.
insert into harvest.run_event (run_id, at, level, message)
values (%(run)s::bigint, clock_timestamp(), %(level)s::text, %(message)s::text)
