-- Records by their hub ids, as catalog.records.Record. An id without a row does not exist.
select r.id, r.source_id, s.title as source_title, r.remote_id, r.type, r.title, r.description,
       r.keywords, r.themes, r.publisher, r.licence, r.language, r.landing_page, r.distributions,
       st_xmin(r.extent) as west, st_ymin(r.extent) as south, st_xmax(r.extent) as east,
       st_ymax(r.extent) as north, r.temporal_start, r.temporal_end,
       r.source_created as created, r.source_updated as updated, r.first_seen, r.observed_at,
       r.orphan_since, r.withdrawn_at, r.page_sha256, e.retrieved_at, e.url as evidence_url,
       (select coalesce(jsonb_agg(jsonb_build_array(o.id, o.source_id, o.title) order by o.id),
                        '[]')
        from   catalog.record o
        where  o.group_id = r.group_id and o.id <> r.id and o.withdrawn_at is null) as same_as,
       (select array_agg(a.name order by a.recorded_at, a.name)
        from catalog.record_alias a where a.record_id = r.id) as names
from   catalog.record r
join   catalog.source s on s.id = r.source_id
join   catalog.evidence e on e.id = r.evidence_id
where  r.id = any(%(ids)s::bigint[])
