-- Forget the mailbox of an agent, and their sessions. No answer.
with gone as (
  delete from crowd.mandate_session s where s.agent_id = %(agent)s::bigint
), forgotten as (
  delete from crowd.agent_code c where c.agent_id = %(agent)s::bigint
)
delete from crowd.agent_contact k where k.agent_id = %(agent)s::bigint
