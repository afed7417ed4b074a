-- Register a procedure. Its row; none when this form, or this commune, was registered before.
insert into crowd.procedure (id, kind, name, owner, url, host, owner_hash, once)
values (%(id)s::text, %(kind)s::text, %(name)s::text, %(owner)s::text, %(url)s::text,
        %(host)s::text, %(owner_hash)s::bytea, %(once)s::bytea)
on conflict do nothing
returning id
