-- What became of a sheet, each time that its owner said so, the latest first: (outcome, at). No
-- row: the owner said nothing.
select outcome, at from crowd.practice_outcome
where  practice_id = %(practice)s::bigint order by id desc limit 50
