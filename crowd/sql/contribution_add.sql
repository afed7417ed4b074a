-- One contribution, its free words, its author's address and its origin, each in its table.
-- One row: its id. No row: this very form was received before.
with made as (
  insert into crowd.contribution
    (reference, once, token_hash, voice_id, speaker, mandate, account_id, language, kind,
     commune_number, service, claim, print, before, state, why, decided_at, thanks_name)
  values
    (%(reference)s::text, %(once)s::bytea, %(token_hash)s::bytea, %(voice)s::bigint,
     %(speaker)s::text, %(mandate)s::text, %(account)s::bigint, %(language)s::text,
     %(kind)s::text, %(commune)s::integer, %(service)s::text, %(claim)s::jsonb, %(print)s::text,
     %(before)s::jsonb, %(state)s::text, %(why)s::jsonb,
     case when %(state)s::text = 'accepted' then now() end, %(thanks)s::text)
  on conflict (once) do nothing
  returning id
), words as (
  insert into crowd.words (contribution_id, comment)
  select id, %(comment)s::text from made where %(comment)s::text <> ''
), contact as (
  insert into crowd.contact (contribution_id, email, who)
  select id, %(email)s::text, %(who)s::bytea from made where %(email)s::text is not null
), origin as (
  insert into crowd.origin (contribution_id, voice_id, network)
  select id, %(voice)s::bigint, %(network)s::bytea from made
), photo as (
  update crowd.photo p
  set    contribution_id = made.id, draft_hash = null
  from   made
  where  p.draft_hash = %(draft)s::bytea
), draft as (
  delete from crowd.draft
  where  token_hash = %(draft)s::bytea
)
select id from made
