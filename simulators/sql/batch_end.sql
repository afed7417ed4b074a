-- The end of a batch: its state, how many rows there were, and why it failed. No row: it was
-- cancelled meanwhile, or another worker has it.
update simulators.batch
set    state = %(state)s::text, rows_done = %(done)s::integer, rows_wrong = %(wrong)s::integer,
       rows_total = case when %(state)s::text = 'done' then %(done)s::integer else rows_total end,
       problem = %(problem)s::text, ended_at = now(), told_at = now()
where  number = %(number)s::bigint
  and  state = 'running'
  and  attempts = %(attempts)s::integer
returning number
