-- Forget the photos of old contributions.
delete from crowd.photo
where  created_at < now() - make_interval(days => %(days)s::integer)
