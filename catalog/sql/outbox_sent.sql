-- A mail server accepted these mails. Their letters stay a while, for who asks what was sent.
update catalog.outbox
set    sent_at = now(), last_error = null
where  id = any(%(ids)s::bigint[]) and sent_at is null
