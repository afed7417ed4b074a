-- The voices of authors who send from these networks, no two alike, as (place, voice): that of the
-- same network within a day, else a new one. One row for each network.
with asked as (
  select a.place, (select o.voice_id
                   from   crowd.origin o
                   where  o.network = a.network and o.at > now() - interval '1 day'
                   order  by o.at desc
                   limit  1) as voice_id
  from   unnest(%(networks)s::bytea[]) with ordinality as a (network, place)
), fresh as (
  insert into crowd.voice
  select from asked where voice_id is null
  returning id
), numbered as (
  select id, row_number() over (order by id) as turn from fresh
), wanting as (
  select place, row_number() over (order by place) as turn from asked where voice_id is null
)
select place, voice_id from asked where voice_id is not null
union all
select w.place, n.id from wanting w join numbered n using (turn)
