-- Everything that an office's source ever said of it, the newest first, each with its proof.
-- No row: there is no such office.
select v.id, v.fields, v.observed_at, v.recorded_at, e.source_id, e.release, e.sha256, e.url
from   catalog.office_version v
join   catalog.evidence e on e.id = v.evidence_id
where  v.office_id = %(id)s::bigint
order  by v.id desc
limit  %(limit)s::integer
