-- A token of a mandate: a session that holds it and does not end by idling, and its name. Its id. No
-- row: the mandate has as many as it may have.
with session as (
  insert into crowd.mandate_session (token_hash, seen_at)
  select %(hash)s::bytea, 'infinity'
  where  (select count(*) from crowd.mandate_token where mandate_id = %(mandate)s::bigint)
         < %(most)s::integer
  returning token_hash
), holds as (
  insert into crowd.session_mandate (token_hash, mandate_id)
  select token_hash, %(mandate)s::bigint from session
)
insert into crowd.mandate_token (token_hash, mandate_id, label)
select token_hash, %(mandate)s::bigint, %(label)s::text from session
returning id
