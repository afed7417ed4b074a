-- Replace the secret; the former still signs beside it for `hours`. (Until when.) No row: there is
-- none of this id and token, or it is ended.
update catalog.webhook
set    old_secret = secret, old_until = now() + make_interval(hours => %(hours)s::integer),
       secret = %(secret)s::bytea
where  id = %(id)s::text and token_hash = %(token_hash)s::bytea and state <> 'ended'
returning old_until
