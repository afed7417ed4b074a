-- Pairs known to be two places, by their ids, after (after_low, after_high): both ids, score,
-- comparisons, who said so last, why and when. No row: no more of them.
select p.low_id, p.high_id, p.score, p.explained, m.decided_by, m.reason, m.recorded_at
from   catalog.office_pair p
left   join lateral (
  select decided_by, reason, recorded_at from catalog.office_merge
  where  kept_id in (p.low_id, p.high_id) and merged_id in (p.low_id, p.high_id)
    and  action in ('apart', 'split')
  order  by id desc limit 1
) m on true
where  p.different
  and  (p.low_id, p.high_id) > (%(after_low)s::bigint, %(after_high)s::bigint)
order  by p.low_id, p.high_id
limit  %(limit)s::integer
