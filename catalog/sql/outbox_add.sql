-- Put one mail in the outbox: its journal line, and its letter apart.
-- One row: the id of the new mail. No row: a mail with this key was already asked for.
with journal as (
  insert into catalog.outbox (purpose, key)
  values (%(purpose)s::text, %(key)s::text)
  on conflict (key) do nothing
  returning id
)
insert into catalog.outbox_letter (mail_id, recipient, reply_to, subject, body)
select id, %(recipient)s::text, %(reply_to)s::text, %(subject)s::text, %(body)s::text
from   journal
returning mail_id
