-- Generations that were begun and never published. No row: none.
select id
from   catalog.generation
where  published_at is null
order  by id
