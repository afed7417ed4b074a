-- Dismiss a job, whatever its state but that one. Its number. No row: unknown, erased, or dismissed.
update simulators.batch
set    state = 'cancelled', ended_at = coalesce(ended_at, now()), subscriber = null
where  id = %(id)s::text
  and  door = 'process'
  and  state <> 'cancelled'
  and  expires_at > now()
returning number
