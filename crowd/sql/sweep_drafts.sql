-- Forget drafts that were not sent.
delete from crowd.draft
where  created_at < now() - make_interval(hours => %(hours)s::integer)
