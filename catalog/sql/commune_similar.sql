-- Current communes of the same size class as one ([least, most) inhabitants), the most comparable
-- first: those of its EPCI, then of its département, then of its région, then anywhere (`scope`);
-- inside each, by the ratios of population and density; among the nearest by these, each zoning
-- that both are in (`shared`; values of `silent` say nothing) weighs against a third more or less
-- of one ratio. Unless `anywhere`, only those of
-- `epci`, `departement` or `region` (null: of none), which indexes know. No row: there is none in
-- that class, or its population is not known.
with one as (
  select number, population, epci_code, departement_code, region_code,
         population / nullif(area_km2, 0) as density
  from   catalog.commune
  left   join catalog.commune_outline using (number)
  where  number = %(number)s::integer and population > 0
), nearest as (
  select c.number, c.code, c.name, c.departement_code, d.name as departement, c.population,
         c.population / nullif(o.area_km2, 0) as density,
         case when c.epci_code = one.epci_code then 'epci'
              when c.departement_code = one.departement_code then 'departement'
              when c.region_code = one.region_code then 'region'
              else 'size' end as reason,
         case when c.epci_code = one.epci_code then 0
              when c.departement_code = one.departement_code then 1
              when c.region_code = one.region_code then 2
              else 3 end as scope,
         abs(ln(c.population::float8 / one.population))
         -- An unknown density counts as one that differs by a factor e.
         + coalesce(abs(ln(nullif(c.population / nullif(o.area_km2, 0), 0)
                           / nullif(one.density, 0))), 1) as apart
  from   one
  join   catalog.commune c on c.number <> one.number
  join   catalog.departement d on d.code = c.departement_code
  left   join catalog.commune_outline o on o.number = c.number
  where  c.population >= greatest(%(least)s::integer, 1)
    and  (%(most)s::integer is null or c.population < %(most)s::integer)
    and  c.valid_to is null
    and  (%(anywhere)s::boolean or c.epci_code = %(epci)s::text
          or c.departement_code = %(departement)s::text or c.region_code = %(region)s::text)
  order  by scope, apart, c.code
  limit  4 * %(limit)s::integer
), zoning as (
  select distinct on (f.commune_number, f.subject) f.commune_number, f.subject, f.value
  from   catalog.area_fact f
  where  f.subject = any(%(zonings)s::text[])
    and  (f.commune_number = %(number)s::integer
          or f.commune_number in (select number from nearest))
  order  by f.commune_number, f.subject, f.observed_at desc, f.id desc
)
select n.number, n.code, n.name, n.departement_code, n.departement, n.population, n.density,
       n.reason, z.shared
from   nearest n
cross  join lateral (
  select coalesce(array_agg(mine.subject order by mine.subject), '{}') as shared
  from   zoning mine
  join   zoning own on own.commune_number = %(number)s::integer and own.subject = mine.subject
  where  mine.commune_number = n.number and mine.value = own.value
    and  mine.value <> all(%(silent)s::text[])
) z
order  by n.scope, n.apart - 0.3 * cardinality(z.shared), n.code
limit  %(limit)s::integer
