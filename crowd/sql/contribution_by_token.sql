-- The id of the contribution that a private link opens. No row: no such link.
select id
from   crowd.contribution
where  token_hash = %(token_hash)s::bytea
