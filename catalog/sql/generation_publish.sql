-- Put a generation in force and return it. No row: it is unknown, published already, or older
-- than the one in force.
update catalog.generation g
set    published_at = now(), files = %(files)s::jsonb
where  g.id = %(id)s::bigint
  and  g.published_at is null
  and  not exists (
         select from catalog.generation newer
         where  newer.published_at is not null and newer.id > g.id)
returning id, geography, facts, started_at, published_at, files
