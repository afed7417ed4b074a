-- The generation in force, as catalog.generations.Generation. No row: nothing is published.
select id, geography, facts, started_at, published_at, files
from   catalog.generation
where  published_at is not null
order  by id desc
limit  1
