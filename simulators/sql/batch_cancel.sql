-- Cancel a batch, whatever its state. No row: unknown identifier, or erased since.
update simulators.batch
set    state = 'cancelled', ended_at = coalesce(ended_at, now())
where  id = %(id)s::text
  and  simulator = %(simulator)s::text
  and  door = 'batch'
  and  expires_at > now()
returning number
