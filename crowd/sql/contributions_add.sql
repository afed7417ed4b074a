-- Contributions, their free words, their authors' addresses and their origins, each in its table.
-- An author without a voice gets a new one. (once, id) of each. No row for one: that very form was
-- received before.
with sent as (
  select *
  from   unnest(%(reference)s::text[], %(once)s::bytea[], %(token_hash)s::bytea[],
                %(voice)s::bigint[], %(speaker)s::text[], %(mandate)s::text[],
                %(account)s::bigint[], %(language)s::text[], %(kind)s::text[],
                %(commune)s::integer[], %(service)s::text[], %(claim)s::text[], %(print)s::text[],
                %(before)s::text[], %(state)s::text[], %(why)s::text[], %(thanks)s::text[],
                %(comment)s::text[], %(email)s::text[], %(who)s::bytea[], %(network)s::bytea[],
                %(draft)s::bytea[])
         as s (reference, once, token_hash, voice, speaker, mandate, account, language, kind,
               commune, service, claim, print, before, state, why, thanks, comment, email, who,
               network, draft)
), fresh as (
  insert into crowd.voice
  select from sent where voice is null
  returning id
), numbered as (
  select id, row_number() over (order by id) as turn from fresh
), wanting as (
  select once, row_number() over () as turn from sent where voice is null
), voiced as (
  select s.once, coalesce(s.voice, n.id) as voice_id
  from   sent s
  left   join wanting w using (once)
  left   join numbered n using (turn)
), made as (
  insert into crowd.contribution
    (reference, once, token_hash, voice_id, speaker, mandate, account_id, language, kind,
     commune_number, service, claim, print, before, state, why, decided_at, thanks_name)
  select reference, once, token_hash, voice_id, speaker, mandate, account, language, kind, commune,
         service, claim::jsonb, print, before::jsonb, state, why::jsonb,
         case when state = 'accepted' then now() end, thanks
  from   sent join voiced using (once)
  on conflict (once) do nothing
  returning id, once
), words as (
  insert into crowd.words (contribution_id, comment)
  select made.id, s.comment from made join sent s using (once) where s.comment <> ''
), contact as (
  insert into crowd.contact (contribution_id, email, who)
  select made.id, s.email, s.who from made join sent s using (once) where s.email is not null
), origin as (
  insert into crowd.origin (contribution_id, voice_id, network)
  select made.id, v.voice_id, s.network
  from   made join sent s using (once) join voiced v using (once)
), photo as (
  update crowd.photo p
  set    contribution_id = made.id, draft_hash = null
  from   made join sent s using (once)
  where  p.draft_hash = s.draft
), draft as (
  delete from crowd.draft
  where  token_hash in (select draft from sent where draft is not null)
)
select once, id from made
