-- Take mails that are due, oldest first, and hold them for `lease` seconds: a sender that is
-- killed leaves them to another. (id, attempts so far and this one, created_at, letter).
-- No row: nothing is due.
with due as (
  select id
  from   catalog.outbox
  where  sent_at is null and failed_at is null and next_try_at <= now()
  order  by next_try_at, id
  limit  %(most)s::integer
  for update skip locked
), taken as (
  update catalog.outbox o
  set    attempts = o.attempts + 1,
         next_try_at = now() + make_interval(secs => %(lease)s::float)
  from   due
  where  o.id = due.id
  returning o.id, o.attempts, o.created_at
)
select t.id, t.attempts, t.created_at, l.recipient, l.reply_to, l.subject, l.body
from   taken t
join   catalog.outbox_letter l on l.mail_id = t.id
order  by t.id
