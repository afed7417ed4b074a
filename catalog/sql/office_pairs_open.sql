-- Pairs on which nobody decided, the most alike first, after the pair (after_low, after_high) of
-- score `after_score`: ids, score, what was compared. No row: no more of them.
select p.low_id, p.high_id, p.score, p.explained, null::text, null::text, null::timestamptz
from   catalog.office_pair p
join   catalog.office low on low.id = p.low_id and low.withdrawn_at is null
join   catalog.office high on high.id = p.high_id and high.withdrawn_at is null
where  not p.different
  and  (-p.score, p.low_id, p.high_id)
       > (-%(after_score)s::float8, %(after_low)s::bigint, %(after_high)s::bigint)
  and  not exists (
    select from catalog.office_redirect r
    where  (r.old_id, r.new_id) in ((p.low_id, p.high_id), (p.high_id, p.low_id))
  )
order  by -p.score, p.low_id, p.high_id
limit  %(limit)s::integer
