-- Rows of the audit log, newest first, below a number; of one subject when it is given.
-- No row: nothing was done yet.
select id, at, actor, action, subject, details
from   crowd.audit
where  (%(before)s::bigint is null or id < %(before)s::bigint)
  and  (%(subject)s::text is null or subject = %(subject)s::text)
order  by id desc
limit  %(limit)s::integer
