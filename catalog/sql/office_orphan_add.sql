-- Note that offices are no longer listed, and keep that as a version of each. One row: how many.
-- An office that was already an orphan keeps its first date.
with vanished as (
  insert into catalog.office_orphan (office_id, since, evidence_id)
  select id, %(at)s::timestamptz, %(evidence)s::bigint
  from   unnest(%(ids)s::bigint[]) as id
  on conflict (office_id) do nothing
  returning office_id
), kept as (
  insert into catalog.office_version (office_id, fields, evidence_id, observed_at)
  select n.office_id, v.fields || jsonb_build_object('unlisted_since', %(at)s::timestamptz),
         %(evidence)s::bigint, %(at)s::timestamptz
  from   vanished n
  cross  join lateral (
    select fields from catalog.office_version
    where  office_id = n.office_id order by id desc limit 1
  ) v
)
select count(*) from vanished
