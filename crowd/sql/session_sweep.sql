-- Forget sessions that are over.
delete from crowd.session
where  seen_at < now() - make_interval(secs => %(idle)s::float)
   or  created_at < now() - make_interval(secs => %(longest)s::float)
