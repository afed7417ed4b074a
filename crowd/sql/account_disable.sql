-- Close an account or open it again: its id. No row: no such account.
update crowd.account
set    disabled_at = case when %(disabled)s::boolean then now() end
where  email = %(email)s::text
returning id
