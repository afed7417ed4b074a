-- Keep what a second look gave, with what the same source says since. No answer.
update crowd.contest c
set    state = %(state)s::text, outcome = %(outcome)s::text, details = %(details)s::jsonb,
       evidence_id = %(evidence)s::bigint, looked_at = now(),
       newer_id = (
         select n.id from catalog.observation o
         join   catalog.observation n on n.source_id = o.source_id and n.service = o.service
                and n.commune_number is not distinct from o.commune_number
         where  o.id = c.observation_id and n.id > o.id
         order  by n.id desc limit 1
       )
where  c.id = %(id)s::bigint
