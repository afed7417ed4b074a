-- How an invitation is: (whether it waits, wrong tries). No row: there is none.
select i.accepted_at is null and i.refused_at is null and i.answer_by > now(), i.wrong
from   crowd.invitation i where i.link_hash = %(link)s::bytea
