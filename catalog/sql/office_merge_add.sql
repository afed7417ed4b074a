-- Merge one office into another, and write that down. One row: the journal's id.
-- No row: it was merged into something before.
with merged as (
  insert into catalog.office_redirect (old_id, new_id, reason)
  values (%(merged)s::bigint, %(kept)s::bigint, %(reason)s::text)
  on conflict (old_id) do nothing
  returning old_id, new_id
)
insert into catalog.office_merge
  (action, kept_id, merged_id, score, explained, decided_by, reason)
select 'merge', new_id, old_id, %(score)s::float8, %(explained)s::jsonb, %(who)s::text,
       %(reason)s::text
from   merged
returning id
