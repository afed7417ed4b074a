-- Communes whose folded name, now or formerly, resembles a misspelt one (trigrams), the most alike
-- first and, among those about as alike, the most populous. No row: nothing resembles it.
with candidate as (
  select number, null::text as matched, similarity(search_name, %(name)s::text) as alike
  from   catalog.commune
  where  search_name %% %(name)s::text
    and  valid_to is null
  union  all
  select commune_number, name, similarity(search_name, %(name)s::text)
  from   catalog.former_code
  where  search_name %% %(name)s::text
), best as (
  select distinct on (number) number, matched, alike
  from   candidate
  order  by number, alike desc, matched nulls first
)
select c.number, c.code, c.name, c.departement_code, d.name as departement, c.population,
       'typo' as match, b.matched
from   best b
join   catalog.commune c on c.number = b.number
join   catalog.departement d on d.code = c.departement_code
where  (%(departement)s::text is null or c.departement_code = %(departement)s::text)
  and  (%(postcode)s::text is null or c.postal_codes @> array[%(postcode)s::text])
order  by round(b.alike::numeric, 1) desc, c.population desc nulls last, c.code
limit  %(limit)s::integer
