-- Communes by postal code or COG code, whole or its beginning (`whole` says which: it is true for
-- five characters), and by former code. A postal code and a COG code may be the same five digits
-- for two places: both are given, the most populous first. `postcodes` are the postal codes that
-- begin with `code`, so that the index answers. No row: no commune has or had such a code.
with candidate as (
  select number, 'code' as match, null::text as matched, 0 as class
  from   catalog.commune
  where  code >= %(code)s::text and code <= rpad(%(code)s::text, 5, 'Z')
    and  valid_to is null
  union  all
  select number, 'postcode',
         (select min(p) from unnest(postal_codes) p where p = any(%(postcodes)s::text[])), 0
  from   catalog.commune
  where  postal_codes && %(postcodes)s::text[]
    and  valid_to is null
  union  all
  select commune_number, 'former', nullif(name, ''), 1
  from   catalog.former_code
  where  code = %(code)s::text
), best as (
  select distinct on (number) number, match, matched, class
  from   candidate
  order  by number, class, match, matched
)
select c.number, c.code, c.name, c.departement_code, d.name as departement, c.population,
       b.match, b.matched
from   best b
join   catalog.commune c on c.number = b.number
join   catalog.departement d on d.code = c.departement_code
order  by b.class, c.population desc nulls last, c.code
limit  %(limit)s::integer
