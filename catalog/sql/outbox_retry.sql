-- Take up again the mails that were given up, when their letter was not erased since.
-- How many: the rows that changed.
update catalog.outbox o
set    failed_at = null, attempts = 0, next_try_at = now()
from   catalog.outbox_letter l
where  l.mail_id = o.id and o.failed_at is not null and o.sent_at is null
