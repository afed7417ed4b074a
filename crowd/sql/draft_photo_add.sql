-- The photo of a draft, when the draft is still there.
insert into crowd.photo (draft_hash, body, width, height)
select d.token_hash, %(body)s::bytea, %(width)s::smallint, %(height)s::smallint
from   crowd.draft d
where  d.token_hash = %(token_hash)s::bytea
