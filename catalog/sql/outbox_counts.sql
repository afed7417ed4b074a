-- The outbox in one row: waiting, given up, sent, the oldest that waits (null: none) and the
-- last error of those that wait (null: none).
select count(*) filter (where sent_at is null and failed_at is null) as waiting,
       count(*) filter (where sent_at is null and failed_at is not null) as given_up,
       count(*) filter (where sent_at is not null) as sent,
       min(created_at) filter (where sent_at is null and failed_at is null) as oldest,
       (array_agg(last_error order by next_try_at desc)
        filter (where sent_at is null and last_error is not null))[1] as last_error
from   catalog.outbox
