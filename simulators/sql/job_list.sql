-- The jobs that anybody may see, the latest first. No row: there is none of these.
select number, id, simulator as process, model, state, rows_done, rows_total, problem, recorded_at,
       started_at, told_at, ended_at, expires_at
from   simulators.batch
where  door = 'process'
  and  listed
  and  expires_at > now()
  and  (%(processes)s::text[] is null or simulator = any(%(processes)s::text[]))
  and  (%(states)s::text[] is null or state = any(%(states)s::text[]))
  and  (%(start)s::timestamptz is null or recorded_at >= %(start)s::timestamptz)
  and  (%(end)s::timestamptz is null or recorded_at <= %(end)s::timestamptz)
  and  (%(least)s::float is null
        or coalesce(ended_at, now()) - started_at >= make_interval(secs => %(least)s::float))
  and  (%(most)s::float is null
        or coalesce(ended_at, now()) - started_at <= make_interval(secs => %(most)s::float))
order  by number desc
limit  %(take)s::integer
offset %(skip)s::integer
