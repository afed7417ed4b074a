-- The voice of an author who sends from a network: that of the same network within a day, else a
-- new one. Always one row.
with known as (
  select voice_id
  from   crowd.origin
  where  network = %(network)s::bytea and at > now() - interval '1 day'
  order  by at desc
  limit  1
), fresh as (
  insert into crowd.voice
  select from (select 1) as one where not exists (select from known)
  returning id
)
select voice_id from known
union all
select id from fresh
