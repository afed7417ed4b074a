-- A job and whom to call back about it. No row: it is gone, and nobody is called.
select number, id, simulator as process, model, state, rows_done, rows_total, problem, recorded_at,
       started_at, told_at, ended_at, expires_at, subscriber
from   simulators.batch
where  number = %(number)s::bigint
  and  door = 'process'
  and  subscriber is not null
  and  expires_at > now()
