-- Codes that were sent to an agent at this mailbox open nothing any more. No answer.
update crowd.agent_code c
set    expires_at = now()
from   crowd.agent_contact k
where  c.agent_id = k.agent_id and c.used_at is null and c.expires_at > now()
  and  sha256(convert_to('mail-stop|' || lower(k.email), 'UTF8')) = %(who)s::bytea
