-- Everything that was decided on two offices, newest first: action, kept, merged, score, by whom,
-- why, when. No row: nothing was.
select m.action, m.kept_id, m.merged_id, m.score, m.decided_by, m.reason, m.recorded_at
from   catalog.office_merge m
where  m.kept_id in (%(low)s::bigint, %(high)s::bigint)
  and  m.merged_id in (%(low)s::bigint, %(high)s::bigint)
order  by m.id desc
limit  100
