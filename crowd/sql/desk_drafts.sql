-- The drafts of a mandate: (service, fields, base, saved at). No row: there is none.
select d.service, d.fields, d.base, d.saved_at
from   crowd.desk_draft d where d.mandate_id = %(mandate)s::bigint
