-- Forget the mailboxes of those to whom no commune delegates any more.
delete from crowd.agent_contact k
where  not exists (
  select from crowd.mandate m
  where  m.agent_id = k.agent_id and m.revoked_at is null and m.expires_at > now()
)
