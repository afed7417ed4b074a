-- Adds a record with its first version, its names and its keys; answers with its hub id. A name
-- that another record of the source already has stays that record's.
with written as (
  insert into catalog.record
    (source_id, remote_id, type, title, description, keywords, themes, publisher, licence,
     language, landing_page, distributions, extent, temporal_start, temporal_end, source_created,
     source_updated, group_id, fingerprint, evidence_id, page_sha256, observed_at, words)
  select %(source)s::text, %(remote_id)s::text, %(type)s::text, %(title)s::text,
         %(description)s::text, %(keywords)s::text[], %(themes)s::text[], %(publisher)s::text,
         %(licence)s::text, %(language)s::text, %(landing_page)s::text, %(distributions)s::jsonb,
         st_makeenvelope(%(west)s::float8, %(south)s::float8, %(east)s::float8,
                         %(north)s::float8, 4326),
         %(temporal_start)s::date, %(temporal_end)s::date, %(created)s::timestamptz,
         %(updated)s::timestamptz, 0, %(fingerprint)s::text, %(evidence)s::bigint,
         %(page_sha256)s::text, %(now)s::timestamptz,
         setweight(to_tsvector('catalog.french', %(title)s::text), 'A')
           || setweight(to_tsvector('catalog.plain', %(title)s::text), 'A')
           || setweight(to_tsvector('catalog.french', %(labels)s::text), 'B')
           || setweight(to_tsvector('catalog.plain', %(labels)s::text), 'B')
           || setweight(to_tsvector('catalog.french', coalesce(%(description)s::text, '')), 'D')
  returning id
), version as (
  insert into catalog.record_version (record_id, event, fields, evidence_id, observed_at)
  select id, %(event)s::text, %(fields)s::jsonb, %(evidence)s::bigint, %(now)s::timestamptz
  from   written
), named as (
  insert into catalog.record_alias (source_id, name, record_id)
  select %(source)s::text, name, id from written, unnest(%(names)s::text[]) as name
  on conflict (source_id, name) do nothing
), keyed as (
  insert into catalog.record_key (record_id, key)
  select id, key from written, unnest(%(keys)s::text[]) as key
)
select id from written
