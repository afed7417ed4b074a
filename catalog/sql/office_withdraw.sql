-- Withdraw offices: each keeps its row, its id and its history, and gets a last version that says
-- since when. One row: how many. An office that was withdrawn before is not counted.
with gone as (
  update catalog.office set withdrawn_at = %(at)s::timestamptz
  where  id = any(%(ids)s::bigint[]) and withdrawn_at is null
  returning id, evidence_id
), kept as (
  insert into catalog.office_version (office_id, fields, evidence_id, observed_at)
  select g.id, v.fields || jsonb_build_object('withdrawn_at', %(at)s::timestamptz),
         coalesce(p.evidence_id, g.evidence_id), %(at)s::timestamptz
  from   gone g
  left   join catalog.office_orphan p on p.office_id = g.id
  cross  join lateral (
    select fields from catalog.office_version
    where  office_id = g.id order by id desc limit 1
  ) v
)
select count(*) from gone
