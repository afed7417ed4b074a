-- Whether a source is in the catalogue. No row: it is not.
select id
from   catalog.source
where  id = %(id)s::text
