-- Communes by postal code (whole or its beginning), INSEE code or former code. No row: none.
select code, name, departement_code, population, match, matched
from (
  select distinct on (number) number, code, name, departement_code, population, match, matched, rank
  from (
    select c.number, c.code, c.name, c.departement_code, c.population, 'code' as match,
           null::text as matched, 0 as rank
    from   catalog.commune c
    where  c.code = %(code)s::text
    union  all
    select c.number, c.code, c.name, c.departement_code, c.population, 'postcode', p, 1
    from   catalog.commune c
    cross  join unnest(c.postal_codes) p
    where  c.postal_codes @> array[%(code)s::text] and p = %(code)s::text
    union  all
    select c.number, c.code, c.name, c.departement_code, c.population, 'former', f.name, 2
    from   catalog.former_code f
    join   catalog.commune c on c.number = f.commune_number
    where  f.code = %(code)s::text
    union  all
    select c.number, c.code, c.name, c.departement_code, c.population, 'postcode', p, 3
    from   catalog.commune c
    cross  join unnest(c.postal_codes) p
    where  length(%(code)s::text) < 5 and p like %(code)s::text || '%%'
  ) every
  order  by number, rank
) best
order  by rank, population desc nulls last, code
limit  %(limit)s::integer
