-- Give an office the id that its source uses now, and remember the former one. One row: our id.
with was as (
  select id, source_id, remote_id from catalog.office where id = %(id)s::bigint
), remembered as (
  insert into catalog.office_alias (source_id, remote_id, office_id, score, explained)
  select source_id, remote_id, id, %(score)s::float8, %(explained)s::jsonb from was
  on conflict (source_id, remote_id) do update set
    office_id = excluded.office_id, score = excluded.score, explained = excluded.explained,
    recorded_at = now()
)
update catalog.office set remote_id = %(remote_id)s::text where id = %(id)s::bigint
returning id
