-- Erase a webhook, for who holds its token. No row: there is none of this id and token.
delete from catalog.webhook
where  id = %(id)s::text and token_hash = %(token_hash)s::bytea
returning id
