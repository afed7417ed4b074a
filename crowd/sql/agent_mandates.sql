-- The mandates delegated to an agent that are not revoked. No row: none is.
select m.id from crowd.mandate m where m.agent_id = %(agent)s::bigint and m.revoked_at is null
