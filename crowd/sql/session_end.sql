-- A session ends. No row changes when it had ended.
delete from crowd.session
where  token_hash = %(hash)s::bytea
