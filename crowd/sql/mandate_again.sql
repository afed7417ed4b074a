-- The mandate that this mailbox opened before, when it is alive: it goes on for the whole time
-- again, and so do the delegations and drafts that hang on it. Its id. No row: a new one is needed.
update crowd.mandate m
set    expires_at = now() + make_interval(days => %(days)s::integer)
where  m.id = (
    select n.id
    from   crowd.mandate n
    join   crowd.mandate_holder h on h.mandate_id = n.id
    where  n.commune_number = %(commune)s::integer
      and  n.commune_code = %(code)s::text
      and  n.proof = %(proof)s::text
      and  n.parent_id is null
      and  lower(h.email) = lower(%(email)s::text)
      and  n.revoked_at is null
      and  n.expires_at > now()
      and  not exists (
        select from catalog.former_code f
        where  f.commune_number = n.commune_number and f.kind = 'merged'
          and  f.gone_by > n.made_at::date and f.gone_by <= current_date
      )
    order  by n.id desc limit 1
  )
returning m.id
