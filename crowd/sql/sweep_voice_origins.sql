-- Forget where voices of procedures came from.
delete from crowd.voice_origin where at < now() - make_interval(hours => %(hours)s::integer)
