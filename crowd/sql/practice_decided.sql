-- A decision on what waits: only from the state that was seen. `publish`: readers see the version
-- that waited; whatever becomes of a correction, they keep the version that they had. Its new
-- version. No row: somebody decided in the meantime.
update crowd.practice
set    state = case when %(publish)s::boolean then 'published'
                    when published_version is not null then 'published'
                    else %(state)s::text end,
       published_version = case when %(publish)s::boolean then waiting_version
                                else published_version end,
       published_at = case when %(publish)s::boolean then now() else published_at end,
       waiting_version = case when %(state)s::text = 'asked' then waiting_version end,
       version = version + 1
where  id = %(practice)s::bigint and version = %(version)s::integer
  and  waiting_version is not null
  and  state in ('waiting', 'held', 'asked', 'published')
returning version
