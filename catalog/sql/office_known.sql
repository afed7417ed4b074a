-- Every office that a source ever listed: its own id for it, ours, the fingerprint of what it
-- said last, its kind, when it was so, since when it is withdrawn (null: it stands), since when
-- it is no longer listed (null: it is) and when we learnt that. No row: it listed none.
select o.remote_id, o.id, o.fingerprint, o.kind, o.observed_at, o.withdrawn_at,
       p.since, p.recorded_at
from   catalog.office o
left   join catalog.office_orphan p on p.office_id = o.id
where  o.source_id = %(source)s::text
