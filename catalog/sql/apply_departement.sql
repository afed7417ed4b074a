-- Add or change départements, given as a JSON list. No answer.
insert into catalog.departement as d (code, name, region_code)
select code, name, parent
from   jsonb_to_recordset(%(rows)s::jsonb) as s (code text, name text, parent text)
on conflict (code) do update set name = excluded.name, region_code = excluded.region_code
where (d.name, d.region_code) is distinct from (excluded.name, excluded.region_code)
