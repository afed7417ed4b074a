-- What was touched after position `since`, up to `upto`: each service with its communes' numbers.
-- No row: nothing.
select service, communes
from   catalog.change
where  upto > %(since)s::bigint and upto <= %(upto)s::bigint
order  by upto
