-- Pairs of offices that may be one place: one of `source`, one of another source, both standing
-- and not merged into something. Of the same kind and near each other, or of the same kind in
-- the same commune when one has no position, or with the same SIRET. No row: none.
-- Neighbours are looked for around the offices of the smaller side: a source of a million may
-- stand beside a thousand others, or the other way round.
with sizes as (
  select count(*) filter (where source_id = %(source)s::text) as mine,
         count(*) filter (where source_id <> %(source)s::text) as others
  from   catalog.office
  where  withdrawn_at is null
), mine as not materialized (
  select * from catalog.office where source_id = %(source)s::text and withdrawn_at is null
), other as not materialized (
  select * from catalog.office where source_id <> %(source)s::text and withdrawn_at is null
), pairs as (
  select m.id as mine, o.id as other
  from   mine m
  join   other o on o.point && st_expand(m.point, 0.004) and o.kind = m.kind
  where  (select mine <= others from sizes)
  union
  select m.id, o.id
  from   other o
  join   mine m on m.point && st_expand(o.point, 0.004) and m.kind = o.kind
  where  (select mine > others from sizes)
  union
  select m.id, o.id
  from   mine m
  join   other o on o.commune_number = m.commune_number and o.kind = m.kind
  where  m.point is null
  union
  select m.id, o.id
  from   mine m
  join   other o on o.commune_number = m.commune_number and o.kind = m.kind
  where  o.point is null
  union
  select m.id, o.id
  from   mine m
  join   other o on o.siret = m.siret
)
select p.mine, p.other, o.source_id, coalesce(known.different, false)
from   pairs p
join   catalog.office o on o.id = p.other
left   join catalog.office_pair known
       on known.low_id = least(p.mine, p.other) and known.high_id = greatest(p.mine, p.other)
where  not exists (select from catalog.office_redirect r where r.old_id in (p.mine, p.other))
order  by p.mine, p.other
