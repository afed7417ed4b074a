-- Forget where contributions came from.
delete from crowd.origin
where  at < now() - make_interval(hours => %(hours)s::integer)
