-- The published generation that readers see. No row: nothing was published yet.
select id, geography, facts, published_at
from   catalog.generation
where  published_at is not null
order  by id desc
limit  1
