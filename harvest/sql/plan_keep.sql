-- Keep the plan of a run, in lines that people read. No answer.
insert into harvest.run_plan (run_id, lines)
values (%(run)s::bigint, %(lines)s::text[])
on conflict (run_id) do update set lines = excluded.lines
