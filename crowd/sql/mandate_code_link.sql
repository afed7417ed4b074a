-- Use up the code whose mail holds this link: (email, proof). Single statement: of two
-- tabs exactly one succeeds. No row: used, expired or locked before, or never sent.
update crowd.mandate_code
set    used_at = now()
where  link_hash = %(link)s::bytea
  and  commune_number = %(commune)s::integer
  and  outcome in ('sent', 'invited')
  and  used_at is null
  and  expires_at > now()
  and  wrong < %(most)s::integer
returning email, proof
