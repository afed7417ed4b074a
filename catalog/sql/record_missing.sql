-- Marks records that a whole reading did not list (event orphan or withdrawn), and keeps that as
-- a version without fields. No row is ever deleted.
with marked as (
  update catalog.record set
    orphan_since = coalesce(orphan_since, %(now)s::timestamptz),
    withdrawn_at = case when %(event)s::text = 'withdrawn' then %(now)s::timestamptz end
  where id = any(%(ids)s::bigint[])
    and withdrawn_at is null and (orphan_since is null or %(event)s::text = 'withdrawn')
    and observed_at <= %(now)s::timestamptz
  returning id
)
insert into catalog.record_version (record_id, event, evidence_id, observed_at)
select id, %(event)s::text, %(evidence)s::bigint, %(now)s::timestamptz
from   marked
