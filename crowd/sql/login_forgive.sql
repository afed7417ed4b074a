-- The password was right: what was tried before from there is forgiven.
delete from crowd.login_failure
where  who = %(who)s::bytea and network = %(network)s::text
