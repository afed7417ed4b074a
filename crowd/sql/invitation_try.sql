-- Try the code of an invitation, once, in a single statement: (right, id, mailbox, role). No row:
-- answered, late or locked before, or there is none.
update crowd.invitation
set    accepted_at = case when code_hash = %(code)s::bytea then now() end,
       wrong = wrong + (code_hash <> %(code)s::bytea)::int
where  link_hash = %(link)s::bytea
  and  accepted_at is null and refused_at is null and email is not null
  and  answer_by > now()
  and  wrong < %(most)s::integer
returning accepted_at is not null, id, email, role
