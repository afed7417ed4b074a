-- The agent who reads a mailbox. No row: nobody yet.
select k.agent_id from crowd.agent_contact k where k.email = %(email)s::text
