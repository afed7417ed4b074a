-- Forget drafts that nobody touched for long.
delete from crowd.desk_draft where saved_at < now() - make_interval(days => %(days)s::integer)
