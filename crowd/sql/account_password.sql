-- Another password: the account's id. No row: no such account.
update crowd.account
set    password_hash = %(password_hash)s::text
where  email = %(email)s::text
returning id
