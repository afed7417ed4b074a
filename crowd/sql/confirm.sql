-- The author's address is theirs. No row: it was confirmed before, or was erased.
update crowd.contact
set    confirmed_at = now()
where  contribution_id = %(id)s::bigint and confirmed_at is null
returning contribution_id
