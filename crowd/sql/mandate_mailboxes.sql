-- The town halls that the national directory lists for a commune, as it says them: (source, name,
-- mailbox, changed at). The mailbox is the source's own, whatever anybody corrected here.
-- `changed at` is when we learnt that it replaced another one; null: it never did.
-- No row: the directory knows none.
select o.source_id, o.name, nullif(trim(said.fields ->> 'email'), '') as email,
       case when former.id is not null then first.recorded_at end as changed_at
from   catalog.office o
cross  join lateral (
  select v.id, v.fields from catalog.office_version v
  where  v.office_id = o.id order by v.id desc limit 1
) said
left   join lateral (
  select v.id from catalog.office_version v
  where  v.office_id = o.id
    and  v.fields ->> 'email' is distinct from said.fields ->> 'email'
  order  by v.id desc limit 1
) former on true
left   join lateral (
  select greatest(v.recorded_at, v.observed_at) as recorded_at from catalog.office_version v
  where  v.office_id = o.id and v.id > coalesce(former.id, 0)
  order  by v.id limit 1
) first on true
where  o.commune_number = %(number)s::integer
  and  o.kind = 'mairie'
  and  o.withdrawn_at is null
  and  o.source_id = any(%(directories)s::text[])
order  by array_position(%(directories)s::text[], o.source_id), o.id
