-- The procedure that an owner's private link opens; none when it opens nothing.
select id, kind, name, owner, url, host, created_at
from   crowd.procedure
where  owner_hash = %(owner_hash)s::bytea
