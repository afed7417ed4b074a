-- The releases of a source that are already in the catalogue, with the sha256 that was read and
-- the day that they speak of. No row: the source was never read.
select distinct r.release, e.sha256, e.published_on
from   harvest.run r
join   catalog.evidence e on e.source_id = r.source_id and e.release = r.release
where  r.source_id = %(source)s::text and r.state in ('done', 'held') and not r.dry_run
