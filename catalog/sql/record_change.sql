-- Brings a record up to what its source says now, and keeps that as a version; answers with its
-- hub id. Its former names stay: an old address still finds it.
with written as (
  update catalog.record set
    remote_id = %(remote_id)s::text, type = %(type)s::text, title = %(title)s::text,
    description = %(description)s::text, keywords = %(keywords)s::text[],
    themes = %(themes)s::text[], publisher = %(publisher)s::text, licence = %(licence)s::text,
    language = %(language)s::text, landing_page = %(landing_page)s::text,
    distributions = %(distributions)s::jsonb,
    extent = st_makeenvelope(%(west)s::float8, %(south)s::float8, %(east)s::float8,
                             %(north)s::float8, 4326),
    temporal_start = %(temporal_start)s::date, temporal_end = %(temporal_end)s::date,
    source_created = %(created)s::timestamptz, source_updated = %(updated)s::timestamptz,
    fingerprint = %(fingerprint)s::text, evidence_id = %(evidence)s::bigint,
    page_sha256 = %(page_sha256)s::text, observed_at = %(now)s::timestamptz,
    orphan_since = null, withdrawn_at = null,
    words = setweight(to_tsvector('catalog.french', %(title)s::text), 'A')
      || setweight(to_tsvector('catalog.plain', %(title)s::text), 'A')
      || setweight(to_tsvector('catalog.french', %(labels)s::text), 'B')
      || setweight(to_tsvector('catalog.plain', %(labels)s::text), 'B')
      || setweight(to_tsvector('catalog.french', coalesce(%(description)s::text, '')), 'D')
  where id = %(id)s::bigint
  returning id
), version as (
  insert into catalog.record_version (record_id, event, fields, evidence_id, observed_at)
  select id, %(event)s::text, %(fields)s::jsonb, %(evidence)s::bigint, %(now)s::timestamptz
  from   written
), named as (
  insert into catalog.record_alias (source_id, name, record_id)
  select %(source)s::text, name, id from written, unnest(%(names)s::text[]) as name
  on conflict (source_id, name) do nothing
), unkeyed as (
  delete from catalog.record_key
  where  record_id = %(id)s::bigint and key <> all(%(keys)s::text[])
), keyed as (
  insert into catalog.record_key (record_id, key)
  select id, key from written, unnest(%(keys)s::text[]) as key
  on conflict (record_id, key) do nothing
)
select id from written
