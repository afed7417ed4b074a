-- Communes to visit next, those never visited first, then those not seen for longest: their codes.
-- No row: no commune has a known site.
select c.code
from   catalog.commune c
left   join lateral (
  select max(e.retrieved_at) as at from catalog.evidence e
  where  e.source_id = 'discovery' and e.release like c.code || ' %%'
) visited on true
where  exists (select from catalog.observation o
               where o.commune_number = c.number and o.service = 'official-site'
                 and o.url is not null)
order  by visited.at nulls first, c.population desc nulls last, c.code
limit  %(most)s::integer
