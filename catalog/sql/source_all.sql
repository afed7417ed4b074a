-- Every source with its licence, the days of the releases that were read, and how many
-- statements it made and places it lists. No row: nothing was harvested yet.
select s.id, s.title, s.publisher, s.licence, s.licence_url, s.url, s.nature,
       e.first_evidence, e.last_evidence, e.retrieved_at, coalesce(e.releases, 0) as releases,
       coalesce(o.observations, 0) as observations, coalesce(p.offices, 0) as offices
from   catalog.source s
left   join (
  select source_id, min(published_on) as first_evidence, max(published_on) as last_evidence,
         max(retrieved_at) as retrieved_at, count(*) as releases
  from   catalog.evidence group by source_id
) e on e.source_id = s.id
left   join (
  select source_id, count(*) as observations from catalog.observation group by source_id
) o on o.source_id = s.id
left   join (
  select source_id, count(*) as offices from catalog.office where withdrawn_at is null
  group by source_id
) p on p.source_id = s.id
order  by e.last_evidence desc nulls last, s.id
