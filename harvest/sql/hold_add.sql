-- Keep, whole, what the brake did not believe. One row: its id.
insert into harvest.hold
  (run_id, source_id, subject, cause, evidence_id, observed_at, items)
values (%(run)s::bigint, %(source)s::text, %(subject)s::text, %(cause)s::text,
        %(evidence)s::bigint, %(observed_at)s::timestamptz, %(items)s::jsonb)
returning id
