-- Communes by a folded name: the whole of it, its beginning or a word of it, now or formerly.
-- `wholes` is the name and the name after each article (« Mans » is Le Mans); `beginnings` are the
-- LIKE patterns of what begins so, `patterns` the same and those of a word inside a name,
-- `former_patterns` the same for former names; they hold letters, digits and spaces only.
-- `departement` or `postcode`, when not null, keep the communes that have it.
-- One row per commune, by class of match, then population. No row: nothing begins like that.
with current as (
  select c.number, null::text as matched, c.population,
         case when c.search_name = %(name)s::text then 0
              when c.search_name = any(%(wholes)s::text[]) then 1
              when c.search_name like any(%(beginnings)s::text[]) then 3
              else 5 end as class
  from   catalog.commune c
  where  c.search_name like any(%(patterns)s::text[])
    and  c.valid_to is null
    and  (%(departement)s::text is null or c.departement_code = %(departement)s::text)
    and  (%(postcode)s::text is null or c.postal_codes @> array[%(postcode)s::text])
  order  by class, c.population desc nulls last, c.code
  limit  %(limit)s::integer
), former as (
  -- A former name comes just after the same class of match on a name in use.
  select distinct on (class, c.population, c.number)
         c.number, f.name as matched, c.population,
         case when f.search_name = any(%(wholes)s::text[]) then 2
              when f.search_name like any(%(beginnings)s::text[]) then 4
              else 6 end as class
  from   catalog.former_code f
  join   catalog.commune c on c.number = f.commune_number
  where  f.search_name like any(%(former_patterns)s::text[])
    and  (%(departement)s::text is null or c.departement_code = %(departement)s::text)
    and  (%(postcode)s::text is null or c.postal_codes @> array[%(postcode)s::text])
  order  by class, c.population desc nulls last, c.number, f.name
), best as (
  select distinct on (number) number, matched, class
  from   (select * from current union all select * from former) every
  order  by number, class, matched
)
select c.number, c.code, c.name, c.departement_code, d.name as departement, c.population,
       case when b.matched is not null then 'former'
            when b.class <= 1 then 'name'
            when b.class = 3 then 'start'
            else 'word' end as match,
       b.matched
from   best b
join   catalog.commune c on c.number = b.number
join   catalog.departement d on d.code = c.departement_code
order  by b.class, c.population desc nulls last, c.code
limit  %(limit)s::integer
