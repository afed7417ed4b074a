-- Every account, for the command line: (id, email, role, created_at, disabled_at).
-- No row: nobody can moderate yet.
select id, email, role, created_at, disabled_at
from   crowd.account
order  by id
