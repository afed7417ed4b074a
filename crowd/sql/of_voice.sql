-- All that one author sent: (id, state, account). No row: nothing.
select id, state, account_id
from   crowd.contribution
where  voice_id = %(voice)s::bigint
order  by id
for    update
