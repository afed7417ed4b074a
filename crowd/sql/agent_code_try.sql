-- Try an agent's code, once: a right one is used up and a wrong one is counted by this single
-- statement. (right, agent). No row: used, expired or locked before, or never asked.
update crowd.agent_code
set    used_at = case when code_hash = %(code)s::bytea then now() end,
       wrong = wrong + (code_hash <> %(code)s::bytea)::int
where  request_hash = %(request)s::bytea
  and  used_at is null
  and  expires_at > now()
  and  wrong < %(most)s::integer
returning used_at is not null, agent_id
