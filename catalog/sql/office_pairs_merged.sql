-- Offices that are merged now, by the lower id then the higher, after (after_low, after_high): both
-- ids, the score and comparisons of the decision, by whom, why and when. No row: no more of them.
select least(r.old_id, r.new_id), greatest(r.old_id, r.new_id), m.score,
       coalesce(m.explained, '[]'), m.decided_by, coalesce(m.reason, r.reason),
       coalesce(m.recorded_at, r.recorded_at)
from   catalog.office_redirect r
left   join lateral (
  select score, explained, decided_by, reason, recorded_at from catalog.office_merge
  where  merged_id = r.old_id and kept_id = r.new_id and action = 'merge' order by id desc limit 1
) m on true
where  (least(r.old_id, r.new_id), greatest(r.old_id, r.new_id))
       > (%(after_low)s::bigint, %(after_high)s::bigint)
order  by 1, 2
limit  %(limit)s::integer
