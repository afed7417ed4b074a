-- A new account: its id. No row: the address has one.
insert into crowd.account (email, role, password_hash)
values (%(email)s::text, %(role)s::text, %(password_hash)s::text)
on conflict (email) do nothing
returning id
