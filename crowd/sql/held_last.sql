-- The latest contribution that is held apart. One row, null when there is none.
select max(id)
from   crowd.contribution
where  state in ('waiting', 'asked', 'held') and state = 'held'
