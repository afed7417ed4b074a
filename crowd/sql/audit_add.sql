-- One row of the audit log; the trigger gives it its number, its time and its hash.
insert into crowd.audit (actor, action, subject, details)
values (%(actor)s::text, %(action)s::text, %(subject)s::text, %(details)s::jsonb)
