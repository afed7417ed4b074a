-- Who proved their own mailbox in a session that is alive. No row: there is no such session.
select s.agent_id
from   crowd.mandate_session s
where  s.token_hash = %(hash)s::bytea
  and  s.seen_at > now() - make_interval(secs => %(idle)s::float)
