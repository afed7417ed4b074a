-- What became of a published sheet, as its owner says: its id. No row: it is not published.
with told as (
  update crowd.practice set confirmed_at = now()
  where  id = %(practice)s::bigint and state = 'published'
  returning id
)
insert into crowd.practice_outcome (practice_id, outcome)
select id, %(outcome)s::text from told
returning id
