-- What is held apart up to an id, but what one account sent: the ids, oldest first, locked.
-- No row: nothing is held.
select id
from   crowd.contribution
where  state in ('waiting', 'asked', 'held') and state = 'held'
  and  id <= %(upto)s::bigint and account_id is distinct from %(account)s::bigint
order  by id
limit  %(most)s::integer
for    update
