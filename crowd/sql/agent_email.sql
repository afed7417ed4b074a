-- The mailbox of an agent. No row: it was erased.
select k.email from crowd.agent_contact k where k.agent_id = %(agent)s::bigint
