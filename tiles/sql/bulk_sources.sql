-- Every source, as tiles.bulk.tables `sources`. No row: nothing was harvested.
select   s.id, s.title, s.publisher, s.licence, s.licence_url, s.url, s.nature,
         (select max(e.published_on) from catalog.evidence e where e.source_id = s.id)
from     catalog.source s
order by s.id
