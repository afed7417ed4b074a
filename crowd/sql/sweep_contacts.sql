-- Forget the addresses of authors some days after the decision.
delete from crowd.contact k
using  crowd.contribution c
where  c.id = k.contribution_id
  and  c.decided_at < now() - make_interval(days => %(days)s::integer)
