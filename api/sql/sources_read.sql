-- Sources that were read to the end at least once. No row: nothing was ever harvested.
select distinct source_id
from   harvest.run
where  state in ('done', 'partial')
  and  not dry_run
