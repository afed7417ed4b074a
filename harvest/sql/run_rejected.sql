-- List one rejected value. No answer.
insert into harvest.rejected (run_id, remote_id, field, reason, value)
values (%(run)s::bigint, %(remote_id)s::text, %(field)s::text, %(reason)s::text, %(value)s::text)
