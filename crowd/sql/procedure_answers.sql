-- The public answers of a procedure's owner, newest first.
select text, by, at from crowd.procedure_answer
where  procedure_id = %(procedure)s::text
order  by id desc
limit  50
