-- What was decided of a sheet, oldest first: (at, actor, action, reason, text). No row: nothing.
select at, actor, action, reason, text from crowd.practice_decision
where  practice_id = %(practice)s::bigint order by id
