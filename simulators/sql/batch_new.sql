-- Note a batch that will be computed later. Its number and its secret identifier. No row: as many
-- as may wait are waiting already.
insert into simulators.batch (
    id, simulator, model, law_date, asked_type, answer_type, rows_total, expires_at
)
select %(id)s::text, %(simulator)s::text, %(model)s::text, %(law_date)s::date,
       %(asked_type)s::text, %(answer_type)s::text, %(rows_total)s::integer,
       now() + make_interval(hours => %(hours)s::integer)
where  (
    select count(*)
    from   simulators.batch
    where  state in ('waiting', 'running')
      and  expires_at > now()
) < %(most_waiting)s::integer
returning number
