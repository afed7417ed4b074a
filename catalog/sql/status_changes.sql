-- For each service, the instants at which its state changes somewhere, in order: where an
-- interval begins (an interval that ends is followed by another). No row: nothing is known.
select service, array_agg(distinct valid_from order by valid_from)
from   catalog.status
group  by service
