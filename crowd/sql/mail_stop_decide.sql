-- A mailbox decides; its hash. No row: there is none, or it decided so before.
update crowd.mail_stop
set    stopped_at = case when %(stop)s::boolean then now() end
where  id = %(id)s::bigint and (stopped_at is null) = %(stop)s::boolean
returning who
