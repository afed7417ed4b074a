-- What waits for a person, the oldest first: of one source, one run, or all (null).
-- No row: nothing waits.
select h.id, h.run_id, h.source_id, h.subject, h.cause, h.evidence_id, h.observed_at, h.items,
       h.state, h.recorded_at, h.decided_at, h.decided_by, h.reason
from   harvest.hold h
where  h.state = 'open'
  and  (%(source)s::text is null or h.source_id = %(source)s::text)
  and  (%(run)s::bigint is null or h.run_id = %(run)s::bigint)
order  by h.recorded_at, h.id
