-- Every commune of today and every service of `services`, at `at`, as tiles.bulk.tables `status`:
-- a pair of which nothing is known has its row too. No row: nothing was harvested.
select   c.code, w.service, coalesce(s.state, 0), s.level, coalesce(s.reason, 'no-observation'),
         s.provider, s.url, s.valid_from, nullif(s.valid_to, 'infinity'), o.source_id, o.seen, o.id
from     unnest(%(services)s::text[]) with ordinality as w (service, n)
cross join catalog.commune c
left join catalog.status s
      on s.service = w.service and s.commune_number = c.number
     and s.valid_from <= %(at)s::timestamptz and s.valid_to > %(at)s::timestamptz
left join catalog.observation o on o.id = s.observation_id
where    c.valid_to is null
order by w.n, c.code
