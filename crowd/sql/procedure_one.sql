-- One procedure; none when there is no such id.
select id, kind, name, owner, url, host, created_at
from   crowd.procedure
where  id = %(id)s::text
