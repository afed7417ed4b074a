-- Communes by a folded name: the whole name, its beginning, a word of it, or a former name.
-- No row: no name begins like that.
select code, name, departement_code, population, match, matched
from (
  select distinct on (number) number, code, name, departement_code, population, match, matched, rank
  from (
    select c.number, c.code, c.name, c.departement_code, c.population,
           case when c.search_name = %(name)s::text then 'name'
                when c.search_name like %(name)s::text || '%%' then 'start'
                else 'word' end as match,
           null::text as matched,
           case when c.search_name = %(name)s::text then 0
                when c.search_name like %(name)s::text || ' %%' then 1
                when c.search_name like %(name)s::text || '%%' then 2
                else 4 end as rank
    from   catalog.commune c
    where  c.search_name like %(name)s::text || '%%'
       or  c.search_name like '%% ' || %(name)s::text || '%%'
    union  all
    select c.number, c.code, c.name, c.departement_code, c.population, 'former', f.name,
           case when f.search_name = %(name)s::text then 3 else 5 end
    from   catalog.former_code f
    join   catalog.commune c on c.number = f.commune_number
    where  f.search_name like %(name)s::text || '%%'
  ) every
  order  by number, rank
) best
order  by case when rank <= 2 then 0 else rank end,
          case when rank = 0 then 0 else 1 end,
          population desc nulls last, code
limit  %(limit)s::integer
