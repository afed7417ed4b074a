-- Note a mailbox that we write to: (id, whether it wants no more). Always one row.
insert into crowd.mail_stop (who) values (%(who)s::bytea)
on conflict (who) do update set who = excluded.who
returning id, stopped_at is not null
