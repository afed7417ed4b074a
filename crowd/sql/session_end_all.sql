-- Every session of an account ends.
delete from crowd.session
where  account_id = %(account)s::bigint
