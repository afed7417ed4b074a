-- The policy believes contributions that waited. (id) of those that changed.
update crowd.contribution
set    state = 'accepted', decided_at = now(), version = version + 1, why = %(why)s::jsonb
where  id = any(%(ids)s::bigint[]) and state in ('waiting', 'asked')
returning id
