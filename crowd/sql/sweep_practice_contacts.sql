-- Forget the address of who wrote a sheet that is refused or withdrawn, or was published (else
-- sent) more than `days` days ago. No answer.
delete from crowd.practice_contact k
using  crowd.practice p
where  p.id = k.practice_id
  and  (p.state = 'withdrawn'
        or coalesce(p.published_at, p.created_at) < now() - make_interval(days => %(days)s::integer))
