-- Keep what a person says of one field of an office. One row: its id.
insert into catalog.office_correction
  (office_id, field, value, nature, decided_by, seen, evidence_id, observed_at, supersedes)
values (%(office)s::bigint, %(field)s::text, %(value)s::jsonb, %(nature)s::text, %(who)s::text,
        %(seen)s::text, %(evidence)s::bigint, %(observed_at)s::timestamptz,
        (select max(id) from catalog.office_correction
         where office_id = %(office)s::bigint and field = %(field)s::text))
returning id
