-- Move one difficulty (of one procedure, unless null) to another state. Its id; none for no row.
update crowd.difficulty
set    state = %(state)s::text, seen_at = coalesce(seen_at, now())
where  id = %(id)s::bigint
  and  (%(procedure)s::text is null or procedure_id = %(procedure)s::text)
returning id
