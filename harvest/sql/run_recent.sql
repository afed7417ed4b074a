-- The newest runs, the newest first, of one source or of all (null): what came of each, and how
-- many things of it wait for a person. No row: nothing was ever harvested.
select r.id, r.source_id, r.release, r.state, r.started_at, r.ended_at, r.heartbeat_at, r.counts,
       r.message, r.dry_run, coalesce(h.waiting, 0) as waiting
from   harvest.run r
left   join (
  select run_id, sum(jsonb_array_length(items))::integer as waiting
  from   harvest.hold where state = 'open' group by run_id
) h on h.run_id = r.id
where  %(source)s::text is null or r.source_id = %(source)s::text
order  by r.id desc
limit  %(limit)s::integer
