-- Communes of half to double the size of one, with why each was chosen; the closest first.
-- No row: nothing comparable, or its population is not known.
with one as (
  select number, population, epci_code, departement_code, population / nullif(area_km2, 0) as density
  from   catalog.commune
  where  number = %(number)s::integer and population > 0
)
select c.code, c.name, c.number, c.departement_code, c.population,
       case when c.epci_code = one.epci_code then 'epci'
            when c.departement_code = one.departement_code then 'departement'
            else 'size' end as reason
from   one
join   catalog.commune c
  on   c.number <> one.number
 and   c.population between one.population / 2 and one.population * 2
order  by case when c.epci_code = one.epci_code then 0
               when c.departement_code = one.departement_code then 1
               else 2 end,
          abs(ln(c.population::float8 / one.population))
          + coalesce(abs(ln(nullif(c.population / nullif(c.area_km2, 0), 0) / nullif(one.density, 0))), 1),
          c.code
limit  %(limit)s::integer
