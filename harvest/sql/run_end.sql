-- Close the journal of a run. No answer.
-- clock_timestamp: now() is the start of the transaction that holds the run's effects.
update harvest.run
set    state = %(state)s::text, release = coalesce(%(release)s::text, release),
       ended_at = clock_timestamp(), heartbeat_at = clock_timestamp(),
       counts = %(counts)s::jsonb, message = %(message)s::text
where  id = %(id)s::bigint
