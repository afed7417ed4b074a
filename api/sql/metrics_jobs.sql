-- Jobs by status: how many, and the age in seconds of the oldest (of its due time when it waits;
-- 0 when there is none). Always three rows.
select wanted,
       count(j.id),
       greatest(0, extract(epoch from now() - min(
         case wanted when 'todo' then coalesce(j.scheduled_at, e.at) else e.at end)))::float8
from   unnest(array['todo', 'doing', 'failed']) as wanted
left   join procrastinate.procrastinate_jobs j on j.status::text = wanted
left   join lateral (select max(at) as at
                     from   procrastinate.procrastinate_events
                     where  job_id = j.id) e on true
group  by wanted
order  by wanted
