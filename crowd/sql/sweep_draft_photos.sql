-- Forget the photos of drafts that were not sent.
delete from crowd.photo
where  contribution_id is null and created_at < now() - make_interval(hours => %(hours)s::integer)
