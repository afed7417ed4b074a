-- Receive one face and, unless it is held, count it in its day. One row when it is new; none when
-- this click was received before.
with made as (
  insert into crowd.face (once, procedure_id, level, screen, channel, held)
  values (%(once)s::bytea, %(procedure)s::text, %(level)s::smallint, %(screen)s::text,
          %(channel)s::text, %(held)s::text)
  on conflict (once) do nothing
  returning id, procedure_id, level, held, (at at time zone 'Europe/Paris')::date as day
), counted as (
  insert into crowd.face_day as d (procedure_id, day, level, n)
  select procedure_id, day, level, 1 from made where held is null
  on conflict (procedure_id, day, level) do update set n = d.n + 1
)
select id from made
