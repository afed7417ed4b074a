-- Erase the letters that were sent more than `days` days ago: their journal line stays.
delete from catalog.outbox_letter l
using  catalog.outbox o
where  o.id = l.mail_id and o.sent_at < now() - make_interval(days => %(days)s::integer)
