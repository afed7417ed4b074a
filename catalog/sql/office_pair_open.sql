-- Pairs that may be one place and on which nobody decided, the most alike first: both ids, names,
-- sources, score, and what was compared. No row: none.
select p.low_id, low.name, low.source_id, p.high_id, high.name, high.source_id, p.score,
       p.explained
from   catalog.office_pair p
join   catalog.office low on low.id = p.low_id and low.withdrawn_at is null
join   catalog.office high on high.id = p.high_id and high.withdrawn_at is null
where  not p.different
  and  not exists (
    select from catalog.office_redirect r
    where  (r.old_id, r.new_id) in ((p.low_id, p.high_id), (p.high_id, p.low_id))
  )
order  by p.score desc, p.low_id, p.high_id
limit  %(limit)s::integer
