-- The pairs of some services (null: all) and of the communes of a territory that were touched after
-- position `since` up to `upto`, in order, at most `limit`, each with what is said of it at `at`, as
-- catalog.changes.Change. No row: nothing of this changed there.
select   page.position, page.code, page.service, status.state, status.level, status.reason,
         status.valid_from, nullif(status.valid_to, 'infinity') as valid_to,
         observation.source_id, observation.seen, page.recorded_at
from (
  select   change.first + item.n - 1 as position, change.service, item.number, commune.code,
           change.recorded_at
  from     catalog.change
  cross join lateral unnest(change.communes) with ordinality as item (number, n)
  join     catalog.commune on commune.number = item.number
  where    change.upto > %(since)s::bigint
    and    change.first <= %(upto)s::bigint
    and    change.first + item.n - 1 > %(since)s::bigint
    and    change.first + item.n - 1 <= %(upto)s::bigint
    and    (%(services)s::text[] is null or change.service = any(%(services)s::text[]))
    and    case %(kind)s::text
             when 'france' then true
             when 'region' then commune.region_code = %(code)s::text
             when 'departement' then commune.departement_code = %(code)s::text
             when 'epci' then commune.epci_code = %(code)s::text
             else commune.code = %(code)s::text
           end
  order by position
  limit    %(limit)s::integer
) page
left join catalog.status
      on status.service = page.service and status.commune_number = page.number
     and status.valid_from <= %(at)s::timestamptz and status.valid_to > %(at)s::timestamptz
left join catalog.observation on observation.id = status.observation_id
order by page.position
