-- The evidence row of one version of national.toml, made the first time it is read.
-- One row always: its id.
insert into catalog.evidence (source_id, release, published_on, retrieved_at, sha256, bytes, url)
values (%(source)s::text, %(release)s::text, %(published)s::date, %(retrieved)s::timestamptz,
        %(sha256)s::text, %(bytes)s::bigint, %(url)s::text)
on conflict (source_id, release, sha256) do update set bytes = excluded.bytes
returning id
