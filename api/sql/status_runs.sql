-- The last real run of each source and release. No row: nothing was ever harvested.
select distinct on (source_id, release) source_id, release, state, started_at, ended_at, message
from   harvest.run
where  not dry_run
order  by source_id, release, started_at desc
