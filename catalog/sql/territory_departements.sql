-- The departements that have a commune in a territory (`kind`, `id`), by name, with the counts of the
-- part inside it. No row: the territory has none.
select 'DEP-' || t.code as code, 'departement' as kind, t.name, 'REG-' || t.region_code as parent, null::text as subkind,
       count(*)::integer as communes, coalesce(sum(c.population), 0)::bigint as population
from   catalog.commune c
join   catalog.departement t on t.code = c.departement_code
where  c.valid_to is null
  and  case %(kind)s::text
         when 'france' then true
         when 'region' then c.region_code = %(id)s::text
         when 'departement' then c.departement_code = %(id)s::text
         else c.epci_code = %(id)s::text
       end
group  by t.code
order  by t.name, t.code
