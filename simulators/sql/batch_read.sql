-- One batch as its owner sees it. No row: unknown identifier, or erased since its time passed.
select number, id, simulator, model, law_date, asked_type, answer_type, state, rows_total,
       rows_done, rows_wrong, problem, recorded_at, ended_at, expires_at
from   simulators.batch
where  id = %(id)s::text
  and  simulator = %(simulator)s::text
  and  door = 'batch'
  and  expires_at > now()
