-- What anybody who has a reference may know: never the words. None for an unknown reference.
select d.reference, d.kind, d.state, d.at, d.seen_at, p.id, p.name, p.kind
from   crowd.difficulty d join crowd.procedure p on p.id = d.procedure_id
where  d.reference = %(reference)s::text
