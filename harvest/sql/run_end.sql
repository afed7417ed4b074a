-- Close the journal of a run. No answer.
update harvest.run
set    state = %(state)s::text, ended_at = now(), heartbeat_at = now(),
       counts = %(counts)s::jsonb, message = %(message)s::text
where  id = %(id)s::bigint
