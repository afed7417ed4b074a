-- Forget requests after a month.
delete from crowd.agent_code where made_at < now() - interval '30 days'
