-- Add or change an EPCI. No answer.
insert into catalog.epci as e (code, name, kind)
values (%(code)s::text, %(name)s::text, %(kind)s::text)
on conflict (code) do update set name = excluded.name, kind = excluded.kind
where (e.name, e.kind) is distinct from (excluded.name, excluded.kind)
