-- The current commune that answers for each former code, as (code, current code).
-- No row for a code: nobody knows its successor.
select distinct on (f.code) f.code, c.code
from   catalog.former_code f
join   catalog.commune c on c.number = f.commune_number
where  f.code = any(%(codes)s::text[])
order  by f.code, f.kind
