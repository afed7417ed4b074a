-- Note what will be computed later. Its number. No row: as many as may wait at this door are waiting
-- already.
insert into simulators.batch (
    id, simulator, model, law_date, asked_type, answer_type, rows_total, expires_at, door, listed,
    subscriber
)
select %(id)s::text, %(simulator)s::text, %(model)s::text, %(law_date)s::date,
       %(asked_type)s::text, %(answer_type)s::text, %(rows_total)s::integer,
       now() + make_interval(hours => %(hours)s::integer), %(door)s::text, %(listed)s::boolean,
       %(subscriber)s::jsonb
where  (
    select count(*)
    from   simulators.batch
    where  state in ('waiting', 'running')
      and  door = %(door)s::text
      and  expires_at > now()
) < %(most_waiting)s::integer
returning number
