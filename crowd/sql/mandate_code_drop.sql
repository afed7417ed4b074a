-- Forget requests after a month.
delete from crowd.mandate_code where made_at < now() - interval '30 days'
