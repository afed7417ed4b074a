-- Note what a person decided, why and when. One row: its id; no row: it did not wait any more.
update harvest.hold
set    state = %(state)s::text, decided_at = now(), decided_by = %(who)s::text,
       reason = %(reason)s::text
where  id = %(id)s::bigint and state = 'open'
returning id
