-- One job of a process as whoever has its identifier sees it. No row: unknown, or erased since.
select number, id, simulator as process, model, state, rows_done, rows_total, problem, recorded_at,
       started_at, told_at, ended_at, expires_at
from   simulators.batch
where  id = %(id)s::text
  and  door = 'process'
  and  expires_at > now()
