-- What the former session held, the new one holds. No answer.
insert into crowd.session_mandate (token_hash, mandate_id)
select %(hash)s::bytea, o.mandate_id
from   crowd.session_mandate o
where  o.token_hash = %(former)s::bytea
on conflict do nothing
