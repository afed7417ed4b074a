-- Begin, or begin again, to compute. `attempts` is the lease: whoever claims later holds it, and the
-- words of whoever held it before are not believed. No row: there is nothing left to do for it.
update simulators.batch
set    state = 'running', attempts = attempts + 1, rows_done = 0, rows_wrong = 0, told_at = now(),
       started_at = coalesce(started_at, now())
where  number = %(number)s::bigint
  and  state in ('waiting', 'running')
  and  expires_at > now()
returning simulator, model, law_date, asked_type, answer_type, attempts, door, subscriber
