-- A new sheet, its origin for a day, its owner's address if there is one, and the draft that it
-- came from forgotten: its id. No row: this very form was received at the same instant.
with made as (
  insert into crowd.practice
    (reference, once, token_hash, commune_number, service, speaker, mandate_id, account_id,
     language, state)
  values (%(reference)s::text, %(once)s::bytea, %(token_hash)s::bytea, %(commune)s::integer,
          %(service)s::text, %(speaker)s::text, %(mandate)s::bigint, %(account)s::bigint,
          %(language)s::text, %(state)s::text)
  on conflict (once) do nothing
  returning id
), mailbox as (
  insert into crowd.practice_contact (practice_id, email)
  select id, %(email)s::text from made where %(email)s::text is not null
), came as (
  insert into crowd.practice_origin (practice_id, network)
  select id, %(network)s::bytea from made
), sent as (
  delete from crowd.draft where token_hash = %(draft)s::bytea
)
select id from made
