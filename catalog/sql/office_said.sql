-- What the source said last of each of these offices: our id, its id, the fields of its newest
-- version, and the commune's code. No row: none of them exists.
select o.id, o.remote_id, v.fields, c.code
from   catalog.office o
cross  join lateral (
  select fields from catalog.office_version
  where  office_id = o.id order by id desc limit 1
) v
left   join catalog.commune c on c.number = o.commune_number
where  o.id = any(%(ids)s::bigint[])
