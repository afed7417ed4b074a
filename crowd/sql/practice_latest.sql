-- The last version of a sheet. No row: there is no such sheet.
select id from crowd.practice_version where practice_id = %(practice)s::bigint
order  by id desc limit 1
