-- The observations that contributions became and that still stand: (id, commune, service, nature,
-- source, evidence, observer). No row: none was published, or all were taken back.
select o.id, o.commune_number, o.service, o.nature, o.source_id, o.evidence_id,
       o.attributes ->> 'observer'
from   crowd.publication p
join   catalog.observation o on o.id = p.observation_id
where  p.contribution_id = any(%(ids)s::bigint[]) and p.reverted_by is null
order  by o.id
