-- What was last said of each of these records. No row: they were never said anything of.
select distinct on (record_id) record_id, fields
from   catalog.record_version
where  record_id = any(%(ids)s::bigint[]) and fields is not null
order  by record_id, id desc
