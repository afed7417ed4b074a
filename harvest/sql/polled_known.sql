-- What is held of a polled file: its address, what the server said of it, its sha256 and the day
-- that it speaks of. No row: it was never applied.
select url, etag, modified, sha256, applied_on
from   harvest.polled
where  source_id = %(source)s::text
