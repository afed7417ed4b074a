-- The owners of these sheets were asked what became of them. No answer.
update crowd.practice set asked_at = now() where id = any(%(ids)s::bigint[])
