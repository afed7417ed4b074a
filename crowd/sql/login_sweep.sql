-- Forget what was tried more than `seconds` ago.
delete from crowd.login_failure
where  at < now() - make_interval(secs => %(seconds)s::float)
