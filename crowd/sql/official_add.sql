-- One statement of a mairie: its id. No row: this very form was received before, or what it
-- supersedes was superseded by somebody else in the meantime.
insert into crowd.official_space
  (once, commune_number, mandate_id, kind, url, label, certified_url, withdrawn, supersedes)
values (%(once)s::bytea, %(commune)s::integer, %(mandate)s::bigint, %(kind)s::text, %(url)s::text,
        %(label)s::text, %(certified)s::text, %(withdrawn)s::boolean, %(supersedes)s::bigint)
on conflict do nothing
returning id
