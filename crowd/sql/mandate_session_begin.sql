-- A session begins, with the agent given or else the one of the session that it replaces. No answer.
insert into crowd.mandate_session (token_hash, agent_id)
values (%(hash)s::bytea, coalesce(%(agent)s::bigint, (
  select s.agent_id from crowd.mandate_session s where s.token_hash = %(former)s::bytea
)))
