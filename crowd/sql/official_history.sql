-- Everything that a commune's mairie ever declared or withdrew, the latest first: (id, kind, url,
-- label, withdrawn, supersedes, declared at). No row: nothing.
select id, kind, url, label, withdrawn, supersedes, declared_at
from   crowd.official_space
where  commune_number = %(commune)s::integer
order  by id desc
limit  200
