-- Forget where sheets came from after some hours. No answer.
delete from crowd.practice_origin where at < now() - make_interval(hours => %(hours)s::integer)
