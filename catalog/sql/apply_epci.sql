-- Add or change EPCI, given as a JSON list. No answer.
insert into catalog.epci as e (code, name, kind)
select code, name, kind
from   jsonb_to_recordset(%(rows)s::jsonb) as s (code text, name text, kind text)
on conflict (code) do update set name = excluded.name, kind = excluded.kind
where (e.name, e.kind) is distinct from (excluded.name, excluded.kind)
