-- Forget the sessions that open nothing any more.
delete from crowd.mandate_session
where  seen_at <= now() - make_interval(secs => %(idle)s::float)
