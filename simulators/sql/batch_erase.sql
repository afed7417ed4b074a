-- Forget the batches whose time has passed; their numbers. No row: none has.
delete from simulators.batch
where  expires_at <= now()
returning number
