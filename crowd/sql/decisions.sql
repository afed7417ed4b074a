-- What happened to a contribution, oldest first. No row: nobody looked at it yet.
select id, at, actor, action, reason, text
from   crowd.decision
where  contribution_id = %(id)s::bigint
order  by id
