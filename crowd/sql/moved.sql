-- A contribution moves to another state, from the version that the decider saw.
-- No row: somebody else was first.
update crowd.contribution
set    state = %(state)s::text, version = version + 1, seen_at = coalesce(seen_at, now()),
       decided_at = case when %(decided)s::boolean then now() else decided_at end
where  id = %(id)s::bigint and version = %(version)s::integer
  and  state = any(%(from)s::text[])
returning id
