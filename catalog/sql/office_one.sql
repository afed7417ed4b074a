-- One office by its hub id, whatever became of it: what its row says, since when it is withdrawn
-- or no longer listed (null: it is not), and since when its commune wants its telephone hidden, which
-- it then is. No row: no office ever had this id.
select o.id, o.source_id, o.remote_id, o.kind, o.name, c.code as commune_code,
       c.name as commune_name, o.address, o.email, case when w.digits is null then o.phone end as phone, o.website, o.hours, o.accessibility,
       o.accessibility_details, o.timezone, st_y(o.point) as lat, st_x(o.point) as lon, o.siret,
       o.identifiers, o.helps_with, o.observed_at, o.withdrawn_at, p.since as unlisted_since,
       w.since as phone_withheld_since
from   catalog.office o
left   join catalog.commune c on c.number = o.commune_number
left   join catalog.office_orphan p on p.office_id = o.id
left   join catalog.withheld_phone w on w.commune_number = o.commune_number
       and w.digits = catalog.phone_digits(o.phone)
where  o.id = %(id)s::bigint
