-- Give a webhook back, for its next changes or for another worker. No row: nothing.
update catalog.webhook
set    lease = null, leased_until = null
where  id = %(id)s::text and lease = %(lease)s::text
