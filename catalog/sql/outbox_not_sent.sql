-- A mail was refused, or its server does not answer: try again later, or give up and keep it.
update catalog.outbox
set    last_error = %(error)s::text,
       next_try_at = now() + make_interval(secs => %(wait)s::float),
       failed_at = case when %(give_up)s::boolean then now() end
where  id = %(id)s::bigint and sent_at is null
