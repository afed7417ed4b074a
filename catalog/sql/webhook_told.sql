-- Move a webhook's position, by the worker that holds its lease, and hold it for `seconds` more.
-- `delivered`: somebody answered 2xx; otherwise nothing of what changed was asked for. No row: the
-- lease is another one's, or the webhook is gone.
update catalog.webhook
set    position = %(position)s::bigint,
       leased_until = now() + make_interval(secs => %(seconds)s::float),
       attempts = case when %(delivered)s::boolean then 0 else attempts end,
       failing_since = case when %(delivered)s::boolean then null else failing_since end,
       delivered_at = case when %(delivered)s::boolean then now() else delivered_at end,
       last_status = case when %(delivered)s::boolean then %(status)s::smallint
                          else last_status end,
       last_error = case when %(delivered)s::boolean then null else last_error end
where  id = %(id)s::text and lease = %(lease)s::text
returning id
