-- For each service (of those asked for; null: all), the instants at which its state changes
-- somewhere, in order: where an interval begins (an interval that ends is followed by another).
-- No row: nothing is known.
select service, array_agg(distinct valid_from order by valid_from)
from   catalog.status
where  %(services)s::text[] is null or service = any(%(services)s::text[])
group  by service
