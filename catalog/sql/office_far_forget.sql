-- Forget which points of a source's offices are far from their commune. No row is returned.
delete from catalog.office_far
using  catalog.office o
where  o.id = office_far.office_id and o.source_id = %(source)s::text
