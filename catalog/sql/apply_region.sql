-- Add or rename régions, given as a JSON list. No answer.
insert into catalog.region as r (code, name)
select code, name
from   jsonb_to_recordset(%(rows)s::jsonb) as s (code text, name text)
on conflict (code) do update set name = excluded.name where r.name <> excluded.name
