-- A moderator has read a contest: its id. No row: one had, or nobody looked yet.
update crowd.contest set closed_at = now()
where  id = %(id)s::bigint and closed_at is null and state <> 'waiting'
returning id
