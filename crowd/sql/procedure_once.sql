-- The procedure that this very form registered; none when it did not arrive before.
select id, kind, name, owner, url, host, created_at
from   crowd.procedure
where  once = %(once)s::bytea
