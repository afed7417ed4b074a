-- Add or rename a région. No answer.
insert into catalog.region as r (code, name) values (%(code)s::text, %(name)s::text)
on conflict (code) do update set name = excluded.name where r.name <> excluded.name
