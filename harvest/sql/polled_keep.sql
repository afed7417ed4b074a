-- Keep what the server said of a polled file that was applied (sha256 and day given) or seen
-- unchanged (not given: they stay). No answer.
insert into harvest.polled as p (source_id, url, etag, modified, sha256, applied_on)
select %(source)s::text, %(url)s::text, %(etag)s::text, %(modified)s::text,
       coalesce(%(sha256)s::text, held.sha256), coalesce(%(applied_on)s::date, held.applied_on)
from   (select 1) as once
left   join harvest.polled held on held.source_id = %(source)s::text
on conflict (source_id) do update set
  url = excluded.url, etag = excluded.etag, modified = excluded.modified,
  sha256 = excluded.sha256, applied_on = excluded.applied_on, looked_at = now()
