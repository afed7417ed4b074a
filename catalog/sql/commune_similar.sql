-- Current communes of the same size class as one ([least, most) inhabitants), the most comparable
-- first: those of its EPCI, then of its département, then of its région, then anywhere (`scope`);
-- inside each, by the ratios of population and density. Unless `anywhere`, only those of
-- `epci`, `departement` or `region` (null: of none), which indexes know. No row: there is none in
-- that class, or its population is not known.
with one as (
  select number, population, epci_code, departement_code, region_code,
         population / nullif(area_km2, 0) as density
  from   catalog.commune
  left   join catalog.commune_outline using (number)
  where  number = %(number)s::integer and population > 0
)
select c.number, c.code, c.name, c.departement_code, d.name as departement, c.population,
       c.population / nullif(o.area_km2, 0) as density,
       case when c.epci_code = one.epci_code then 'epci'
            when c.departement_code = one.departement_code then 'departement'
            when c.region_code = one.region_code then 'region'
            else 'size' end as reason
from   one
join   catalog.commune c on c.number <> one.number
join   catalog.departement d on d.code = c.departement_code
left   join catalog.commune_outline o on o.number = c.number
where  c.population >= greatest(%(least)s::integer, 1)
  and  (%(most)s::integer is null or c.population < %(most)s::integer)
  and  c.valid_to is null
  and  (%(anywhere)s::boolean or c.epci_code = %(epci)s::text
        or c.departement_code = %(departement)s::text or c.region_code = %(region)s::text)
order  by case when c.epci_code = one.epci_code then 0
               when c.departement_code = one.departement_code then 1
               when c.region_code = one.region_code then 2
               else 3 end,
          abs(ln(c.population::float8 / one.population))
          -- An unknown density counts as one that differs by a factor e.
          + coalesce(abs(ln(nullif(c.population / nullif(o.area_km2, 0), 0)
                            / nullif(one.density, 0))), 1),
          c.code
limit  %(limit)s::integer
