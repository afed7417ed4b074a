-- How a request of an agent is: (used, expired, wrong tries). No row: there is none.
select used_at is not null, expires_at <= now(), wrong
from   crowd.agent_code where request_hash = %(request)s::bytea
