-- Communes whose folded name resembles a misspelt one (trigrams), the most alike first.
-- No row: nothing resembles it.
select c.code, c.name, c.departement_code, c.population, 'typo' as match, null::text as matched
from   catalog.commune c
where  c.search_name %% %(name)s::text
order  by round(similarity(c.search_name, %(name)s::text)::numeric, 1) desc,
          c.population desc nulls last, c.code
limit  %(limit)s::integer
