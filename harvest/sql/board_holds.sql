-- What the brake held in one run, decided or not. No row: nothing.
select id, run_id, source_id, subject, cause, evidence_id, observed_at, items, state, recorded_at,
       decided_at, decided_by, reason
from   harvest.hold where run_id = %(run)s::bigint order by id
