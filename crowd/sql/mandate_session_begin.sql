-- A session of a mandate begins. No answer.
insert into crowd.mandate_session (token_hash, mandate_id)
values (%(hash)s::bytea, %(mandate)s::bigint)
