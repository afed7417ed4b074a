-- One webhook, for who holds its token, as catalog.webhooks.Webhook. No row: there is none of
-- this id and token.
select id, url, services, territory, position, state, made_at, ended_at, attempts, failing_since,
       case when state = 'active' and attempts > 0 then next_try_at end as next_try_at,
       delivered_at, last_status, last_error, challenge_due,
       case when old_until > now() then old_until end as old_until
from   catalog.webhook
where  id = %(id)s::text and token_hash = %(token_hash)s::bytea
