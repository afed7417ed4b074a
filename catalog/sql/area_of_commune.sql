-- The latest value of each subject in a commune, as catalog.area_facts.KnownAreaFact. No row: no
-- source said anything of it.
select distinct on (f.subject) f.subject, s.title_fr, s.title_en, s.unit, f.value, f.observed_at,
       f.source_id
from   catalog.area_fact f
join   catalog.area_subject s on s.id = f.subject
where  f.commune_number = %(number)s::integer
order  by f.subject, f.observed_at desc, f.id desc
