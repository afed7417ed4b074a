-- A published sheet that a moderator takes back: its new version. No row: it is not published any
-- more, or was changed since it was seen.
update crowd.practice
set    state = 'refused', published_version = null, waiting_version = null, version = version + 1
where  id = %(practice)s::bigint and version = %(version)s::integer and state = 'published'
returning version
