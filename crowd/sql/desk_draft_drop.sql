-- Forget lines of a draft. No answer.
delete from crowd.desk_draft
where  mandate_id = %(mandate)s::bigint and service = any(%(services)s::text[])
