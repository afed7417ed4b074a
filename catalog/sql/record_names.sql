-- Every name that a source ever used for a record, and the record's hub id. No row: none.
select name, record_id
from   catalog.record_alias
where  source_id = %(source)s::text
