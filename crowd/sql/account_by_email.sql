-- An account that may log in: (id, role, password_hash). No row: unknown, or disabled.
select id, role, password_hash
from   crowd.account
where  email = %(email)s::text and disabled_at is null
