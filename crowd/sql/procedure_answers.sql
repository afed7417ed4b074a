-- The answers of a procedure's owner, newest first; with `all`, those that moderators hid too.
select id, text, by, at, hidden_at, hidden_why
from   crowd.procedure_answer
where  procedure_id = %(procedure)s::text and (%(all)s::boolean or hidden_at is null)
order  by id desc
limit  50
