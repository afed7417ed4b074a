-- The pairs touched after position `since`, in order, each with what is said of it at `at`, as
-- catalog.changes.Change. No row: nothing changed since. A pair that is not in catalog.status at
-- that instant is unknown: its state is null here. Positions have no gaps, so that the rows of
-- catalog.change which a page needs are known without opening their arrays.
select   page.position, commune.code, page.service, status.state, status.level, status.reason,
         status.valid_from, nullif(status.valid_to, 'infinity') as valid_to,
         observation.source_id, observation.seen, page.recorded_at
from (
  select change.first + item.n - 1 as position, change.service, item.number, change.recorded_at
  from   catalog.change,
         lateral unnest(change.communes) with ordinality as item (number, n)
  where  change.upto > %(since)s::bigint
    and  change.first <= %(since)s::bigint + %(limit)s::int
    and  change.first + item.n - 1 > %(since)s::bigint
    and  change.first + item.n - 1 <= %(since)s::bigint + %(limit)s::int
) page
join     catalog.commune on commune.number = page.number
left join catalog.status
      on status.service = page.service and status.commune_number = page.number
     and status.valid_from <= %(at)s::timestamptz and status.valid_to > %(at)s::timestamptz
left join catalog.observation on observation.id = status.observation_id
order by page.position
