-- The numbers of the batches whose files may be needed. No row: none.
select number
from   simulators.batch
where  state in ('waiting', 'running', 'done')
