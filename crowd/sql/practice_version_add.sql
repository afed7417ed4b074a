-- A version of a sheet, its words apart, and the sheet told that it waits: its id. No row: this
-- very form was received before, or another version supersedes the same one.
with made as (
  insert into crowd.practice_version (practice_id, once, supersedes, cost, months, url, sha256)
  values (%(practice)s::bigint, %(once)s::bytea, %(supersedes)s::bigint, %(cost)s::integer,
          %(months)s::smallint, %(url)s::text, %(sha256)s::text)
  on conflict do nothing
  returning id
), said as (
  insert into crowd.practice_words (version_id, title, what, partners, wrong)
  select id, %(title)s::text, %(what)s::text, %(partners)s::text, %(wrong)s::text from made
), told as (
  update crowd.practice p
  set    waiting_version = made.id, version = p.version + 1,
         state = case when p.state in ('asked', 'refused') then 'waiting' else p.state end
  from   made where p.id = %(practice)s::bigint
)
select id from made
