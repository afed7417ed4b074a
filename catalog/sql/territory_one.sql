-- One territory as catalog.territories.Territory. No row: there is none with this id.
with member as (
  select c.number, c.population, c.region_code, c.departement_code
  from   catalog.commune c
  where  c.valid_to is null
    and  case %(kind)s::text
           when 'france' then true
           when 'region' then c.region_code = %(id)s::text
           when 'departement' then c.departement_code = %(id)s::text
           when 'epci' then c.epci_code = %(id)s::text
           else c.code = %(id)s::text
         end
), named as (
  select 'FR' as code, 'France' as name, null::text as parent, null::text as subkind
  where  %(kind)s::text = 'france'
  union all
  select 'REG-' || code, name, 'FR', null
  from   catalog.region
  where  %(kind)s::text = 'region' and code = %(id)s::text
  union all
  select 'DEP-' || code, name, 'REG-' || region_code, null
  from   catalog.departement
  where  %(kind)s::text = 'departement' and code = %(id)s::text
  union all
  select 'EPCI-' || code, name,
         (select 'DEP-' || (mode() within group (order by departement_code)) from member), kind
  from   catalog.epci
  where  %(kind)s::text = 'epci' and code = %(id)s::text
  union all
  select 'COM-' || code, name, coalesce('EPCI-' || epci_code, 'DEP-' || departement_code), null
  from   catalog.commune
  where  %(kind)s::text = 'commune' and code = %(id)s::text and valid_to is null
)
select code, %(kind)s::text as kind, name, parent, subkind,
       (select count(*) from member)::integer as communes,
       (select coalesce(sum(population), 0) from member)::bigint as population
from   named
