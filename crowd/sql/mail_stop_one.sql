-- What a mailbox decided: (id, whether it wants no more). No row: there is none.
select s.id, s.stopped_at is not null from crowd.mail_stop s where s.id = %(id)s::bigint
