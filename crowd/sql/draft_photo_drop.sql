-- A draft has no photo any more.
delete from crowd.photo
where  draft_hash = %(token_hash)s::bytea
