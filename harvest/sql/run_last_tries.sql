-- When each source was tried last, whatever came of it. No row: nothing was ever harvested.
select source_id, max(started_at) from harvest.run where not dry_run group by source_id
