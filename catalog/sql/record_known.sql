-- Every record that a source ever published, withdrawn ones included, as
-- catalog.record_plan.KnownRecord. No row: nothing was read of it yet.
select id, remote_id, fingerprint, orphan_since, withdrawn_at
from   catalog.record
where  source_id = %(source)s::text
