-- Erase every letter to this address, sent or not. A mail whose letter is gone is not sent.
with erased as (
  delete from catalog.outbox_letter
  where  recipient = %(recipient)s::text
  returning mail_id
)
update catalog.outbox o
set    failed_at = coalesce(o.failed_at, now()), last_error = 'erased on demand'
from   erased e
where  o.id = e.mail_id and o.sent_at is null
