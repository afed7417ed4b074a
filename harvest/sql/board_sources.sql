-- Each source that the catalogue knows, with how its harvests go: title, when it was last read to
-- the end, the day of the newest release, the last try and what came of it, how many runs in a row
-- failed since, what waits for a person (and of which run), what is no longer listed, and what runs now (null: none).
-- No row: nothing was ever harvested.
select s.id, s.title, ok.at as read_at, e.published_on, last.id as run_id, last.release,
       last.state, last.started_at, last.heartbeat_at, last.counts, last.message,
       coalesce(bad.failures, 0) as failures, coalesce(h.waiting, 0) as waiting,
       h.run_id as waiting_run, coalesce(o.orphans, 0) as orphans, p.what, p.done, p.total, p.at as said_at
from   catalog.source s
left   join lateral (
  select max(ended_at) as at, max(id) as id from harvest.run
  where  source_id = s.id and not dry_run and state in ('done', 'partial', 'held')
) ok on true
left   join lateral (
  select max(published_on) as published_on from catalog.evidence where source_id = s.id
) e on true
left   join lateral (
  select * from harvest.run
  where  source_id = s.id and not dry_run order by id desc limit 1
) last on true
left   join lateral (
  select count(*) as failures from harvest.run
  where  source_id = s.id and not dry_run and state = 'failed' and id > coalesce(ok.id, 0)
) bad on true
left   join lateral (
  select sum(jsonb_array_length(items))::integer as waiting, max(run_id) as run_id
  from   harvest.hold
  where  source_id = s.id and state = 'open'
) h on true
left   join lateral (
  select count(*) as orphans from catalog.office_orphan p
  join   catalog.office f on f.id = p.office_id
  where  f.source_id = s.id and f.withdrawn_at is null
) o on true
left   join harvest.progress p on p.source_id = s.id
where  (%(source)s::text is null or s.id = %(source)s::text)
  and  (%(source)s::text is not null or last.id is not null)
order  by coalesce(h.waiting, 0) > 0 desc, last.state = 'failed' desc, s.id
