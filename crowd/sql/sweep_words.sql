-- Forget the free words of old contributions.
delete from crowd.words w
using  crowd.contribution c
where  c.id = w.contribution_id
  and  c.created_at < now() - make_interval(days => %(days)s::integer)
