-- The offices of a source whose point is noted as far from their commune: the source's id for it,
-- metres. No row: none is far.
select o.remote_id, f.metres
from   catalog.office_far f
join   catalog.office o on o.id = f.office_id
where  o.source_id = %(source)s::text
order  by o.remote_id
