-- A session begins.
insert into crowd.session (token_hash, account_id)
values (%(hash)s::bytea, %(account)s::bigint)
