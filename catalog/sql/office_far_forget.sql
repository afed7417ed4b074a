-- Forget which points of a source's offices are far from their commune: of all of them, or (an
-- evidence given) of those that it spoke of last and of those that are withdrawn. No answer.
delete from catalog.office_far
using  catalog.office o
where  o.id = office_far.office_id and o.source_id = %(source)s::text
  and  (%(evidence)s::bigint is null or o.evidence_id = %(evidence)s::bigint
        or o.withdrawn_at is not null)
