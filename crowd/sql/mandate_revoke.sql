-- Revoke a mandate; its commune. No row: there is none, or it was revoked before.
update crowd.mandate
set    revoked_at = now()
where  id = %(mandate)s::bigint and revoked_at is null
returning commune_number
