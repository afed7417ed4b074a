-- Note that orphans are listed again, and keep that as a version of those that say nothing new
-- (`silent`: the others have one already). One row: how many.
with back as (
  delete from catalog.office_orphan where office_id = any(%(ids)s::bigint[]) returning office_id
), kept as (
  insert into catalog.office_version (office_id, fields, evidence_id, observed_at)
  select b.office_id, v.fields - 'unlisted_since' - 'withdrawn_at', %(evidence)s::bigint,
         %(at)s::timestamptz
  from   back b
  cross  join lateral (
    select fields from catalog.office_version
    where  office_id = b.office_id order by id desc limit 1
  ) v
  where  b.office_id = any(%(silent)s::bigint[])
)
select count(*) from back
