-- The author answered: it waits for a moderator again. No row: nothing was asked.
update crowd.contribution
set    state = 'waiting', version = version + 1
where  id = %(id)s::bigint and state = 'asked' and version = %(version)s::integer
returning id
