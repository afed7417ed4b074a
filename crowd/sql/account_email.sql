-- The address of an account. No row: no such account.
select email
from   crowd.account
where  id = %(id)s::bigint
