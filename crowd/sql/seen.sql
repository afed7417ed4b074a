-- A moderator opened a contribution for the first time.
update crowd.contribution
set    seen_at = now()
where  id = %(id)s::bigint and seen_at is null
