-- The photo of a draft. No row: it has none.
select body
from   crowd.photo
where  draft_hash = %(token_hash)s::bytea
