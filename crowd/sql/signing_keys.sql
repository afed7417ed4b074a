-- The keys that are believed now: (id, key, ends_at; null is the one that signs).
-- No row: none was ever made.
select id, key, ends_at
from   crowd.signing_key
where  ends_at is null or ends_at > now()
order  by id
