-- The communes of a territory (`kind`, `id`), by name. No row: it has none.
select 'COM-' || c.code as code, 'commune' as kind, c.name,
       coalesce('EPCI-' || c.epci_code, 'DEP-' || c.departement_code) as parent,
       null::text as subkind, 1 as communes, coalesce(c.population, 0)::bigint as population
from   catalog.commune c
where  c.valid_to is null
  and  case %(kind)s::text
         when 'france' then true
         when 'region' then c.region_code = %(id)s::text
         when 'departement' then c.departement_code = %(id)s::text
         else c.epci_code = %(id)s::text
       end
order  by c.name, c.code
