-- Add or change a département. No answer.
insert into catalog.departement as d (code, name, region_code)
values (%(code)s::text, %(name)s::text, %(parent)s::text)
on conflict (code) do update set name = excluded.name, region_code = excluded.region_code
where (d.name, d.region_code) is distinct from (excluded.name, excluded.region_code)
