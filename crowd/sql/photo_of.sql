-- The photo of a contribution that was sent. No row: it has none.
select body
from   crowd.photo
where  contribution_id = %(id)s::bigint
limit  1
