-- The latest periods of the states of a commune, the last learnt first, with what decided each.
-- No row: nothing was ever said of it. Periods that have not begun are left out.
select   s.service, s.state, s.level, s.valid_from, nullif(s.valid_to, 'infinity') as valid_to,
         coalesce(o.recorded_at, s.valid_from) as recorded_at, o.source_id, o.seen
from     catalog.status s
left join catalog.observation o on o.id = s.observation_id
where    s.commune_number = %(number)s::integer
  and    s.valid_from <= %(at)s::timestamptz
order by greatest(o.recorded_at, s.valid_from) desc, s.valid_from desc, s.service
limit    %(limit)s::int
