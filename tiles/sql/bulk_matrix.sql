-- The state of each service of `services`, in that order, for every commune of today, at `at`, as
-- an array of state codes. No row: nothing was harvested. What nothing proves is 0, unknown.
select   c.code, array_agg(coalesce(s.state, 0) order by w.n)
from     catalog.commune c
cross join unnest(%(services)s::text[]) with ordinality as w (service, n)
left join catalog.status s
      on s.service = w.service and s.commune_number = c.number
     and s.valid_from <= %(at)s::timestamptz and s.valid_to > %(at)s::timestamptz
where    c.valid_to is null
group by c.code
order by c.code
