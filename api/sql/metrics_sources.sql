-- Each source: when it was last read to its end, how many days old its newest file is (null: never
-- read), runs held by the brake, runs that failed, values refused in its last real run. No row: no
-- source is known yet.
select s.id,
       max(r.ended_at) filter (where r.state in ('done', 'held')),
       (select (now()::date - max(e.published_on))::integer
        from   catalog.evidence e
        where  e.source_id = s.id),
       count(r.id) filter (where r.state = 'held'),
       count(r.id) filter (where r.state = 'failed'),
       (select count(*) from harvest.rejected x where x.run_id = max(r.id))
from   catalog.source s
left   join harvest.run r on r.source_id = s.id and not r.dry_run
group  by s.id
order  by s.id
