-- A session holds a mandate that an official mailbox opened. No answer.
insert into crowd.session_mandate (token_hash, mandate_id)
values (%(hash)s::bytea, %(mandate)s::bigint)
on conflict do nothing
