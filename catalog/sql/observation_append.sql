-- Append one observation; its id, always one row.
insert into catalog.observation
  (commune_number, service, state, attributes, url, provider, nature, source_id, evidence_id, seen,
   observed_at, valid_until, supersedes)
values
  (%(commune_number)s::integer, %(service)s::text, %(state)s::smallint, %(attributes)s::jsonb,
   %(url)s::text, %(provider)s::text, %(nature)s::text, %(source_id)s::text,
   %(evidence_id)s::bigint, %(seen)s::text, %(observed_at)s::timestamptz,
   %(valid_until)s::timestamptz, %(supersedes)s::bigint)
returning id
