-- Everything that an office's source ever said of it, the newest first, each with its proof. A
-- telephone that the commune wants hidden is marked, and is not in it.
-- No row: there is no such office.
select v.id,
       case when w.digits is null then v.fields
            else v.fields || '{"phone": null, "phone_withheld": true}' end as fields,
       v.observed_at, v.recorded_at, e.source_id, e.release, e.sha256, e.url
from   catalog.office_version v
join   catalog.evidence e on e.id = v.evidence_id
left   join catalog.office o on o.id = v.office_id
left   join catalog.withheld_phone w on w.commune_number = o.commune_number
       and w.digits = catalog.phone_digits(v.fields ->> 'phone')
where  v.office_id = %(id)s::bigint
order  by v.id desc
limit  %(limit)s::integer
