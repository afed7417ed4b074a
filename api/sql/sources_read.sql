-- Sources of which every release that was tried came to an end. No row: nothing was harvested.
select source_id
from  (
        select distinct on (source_id, release) source_id, state
        from   harvest.run
        where  not dry_run
        order  by source_id, release, started_at desc
      ) as latest
group  by source_id
having bool_and(state in ('done', 'partial', 'held', 'skipped'))
