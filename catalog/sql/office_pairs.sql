-- Pairs of offices that may be one place: one of `source`, one of another source, both standing
-- and not merged into something. Of the same kind and near each other, or of the same kind in
-- the same commune when one has no position, or with the same SIRET. No row: none.
with standing as (
  select o.id, o.source_id, o.kind, o.commune_number, o.point, o.siret
  from   catalog.office o
  where  o.withdrawn_at is null
    and  not exists (select from catalog.office_redirect r where r.old_id = o.id)
), mine as (
  select * from standing where source_id = %(source)s::text
), pairs as (
  select m.id as mine, o.id as other
  from   mine m
  join   catalog.office o on o.point && st_expand(m.point, 0.004) and o.kind = m.kind
  where  o.source_id <> m.source_id
  union
  select m.id, o.id
  from   mine m
  join   standing o on o.commune_number = m.commune_number and o.kind = m.kind
  where  o.source_id <> m.source_id and (o.point is null or m.point is null)
  union
  select m.id, o.id
  from   mine m
  join   standing o on o.siret = m.siret
  where  o.source_id <> m.source_id
)
select p.mine, p.other, o.source_id, coalesce(known.different, false)
from   pairs p
join   standing o on o.id = p.other
left   join catalog.office_pair known
       on known.low_id = least(p.mine, p.other) and known.high_id = greatest(p.mine, p.other)
order  by p.mine, p.other
