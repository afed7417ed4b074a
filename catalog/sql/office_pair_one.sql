-- What is known of a pair: the score when it was last looked at, whether it is said to be two
-- places, and which one is kept when they are merged. One row, always.
select p.score, coalesce(p.different, false), r.new_id
from   (select %(low)s::bigint as low, %(high)s::bigint as high) asked
left   join catalog.office_pair p on p.low_id = asked.low and p.high_id = asked.high
left   join catalog.office_redirect r
       on (r.old_id, r.new_id) in ((asked.low, asked.high), (asked.high, asked.low))
