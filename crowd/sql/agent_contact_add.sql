-- Keep the mailbox of an agent. No answer.
insert into crowd.agent_contact (agent_id, email) values (%(agent)s::bigint, %(email)s::text)
