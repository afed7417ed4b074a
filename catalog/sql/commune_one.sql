-- One commune with the names of its département, région and EPCI, by its number, or by the code that
-- it has now. No row: unknown number, or a code that is not, or no longer, of a commune.
select c.number, c.code, c.name, c.departement_code, d.name as departement, c.region_code,
       r.name as region, c.epci_code, e.name as epci, c.population, c.siren, c.postal_codes,
       c.timezone, o.area_km2, st_x(o.centre) as longitude, st_y(o.centre) as latitude
from   catalog.commune c
join   catalog.departement d on d.code = c.departement_code
join   catalog.region r on r.code = c.region_code
left   join catalog.epci e on e.code = c.epci_code
left   join catalog.commune_outline o on o.number = c.number
where  c.number = coalesce(%(number)s::integer,
                           (select number from catalog.commune
                            where  code = %(code)s::text and valid_to is null))
