-- Forget the free words of old difficulties.
update crowd.difficulty set comment = null
where  comment is not null and at < now() - make_interval(days => %(days)s::integer)
