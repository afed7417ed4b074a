-- One run, whatever came of it. No row: there is no such run.
select r.id, r.source_id, r.release, r.state, r.started_at, r.ended_at, r.heartbeat_at, r.counts,
       r.message, r.dry_run, coalesce(p.lines, '{}') as lines
from   harvest.run r
left   join harvest.run_plan p on p.run_id = r.id
where  r.id = %(run)s::bigint
