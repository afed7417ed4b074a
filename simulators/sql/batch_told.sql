-- How far a batch is. No row: its owner cancelled it, its time has passed, or another worker has it.
update simulators.batch
set    rows_done = %(done)s::integer, rows_wrong = %(wrong)s::integer, told_at = now()
where  number = %(number)s::bigint
  and  state = 'running'
  and  attempts = %(attempts)s::integer
  and  expires_at > now()
returning number
