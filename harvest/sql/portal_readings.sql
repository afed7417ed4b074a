-- The latest readings of a portal, the newest first: their manifests and when they were made. No
-- row: it was never read.
select sha256, retrieved_at
from   catalog.evidence
where  source_id = %(source)s::text
order  by id desc
limit  %(most)s::integer
