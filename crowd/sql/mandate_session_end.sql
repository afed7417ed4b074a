-- A session ends. No answer.
delete from crowd.mandate_session where token_hash = %(hash)s::bytea
