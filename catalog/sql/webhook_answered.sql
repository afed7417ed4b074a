-- A challenge was answered: the webhook is active, whatever it was. No row: the lease is another
-- one's, or the webhook is gone.
update catalog.webhook
set    state = 'active', challenge_due = false, attempts = 0, failing_since = null, ended_at = null,
       next_try_at = now(), last_status = %(status)s::smallint, last_error = null
where  id = %(id)s::text and lease = %(lease)s::text
returning id
