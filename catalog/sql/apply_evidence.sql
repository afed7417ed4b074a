-- The id of the evidence of one file, which is made known if it was not. Always one row.
insert into catalog.evidence (source_id, release, published_on, sha256, bytes, url)
values (%(source_id)s::text, %(release)s::text, %(published_on)s::date, %(sha256)s::text,
        %(size)s::bigint, %(url)s::text)
on conflict (source_id, release, sha256) do update set bytes = excluded.bytes
returning id
