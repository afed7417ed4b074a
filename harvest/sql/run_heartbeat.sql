-- Say that a run is alive. No answer.
update harvest.run set heartbeat_at = clock_timestamp()
where  id = %(id)s::bigint and state = 'running'
