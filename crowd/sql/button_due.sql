-- Registered procedures that are shown and whose page nobody looked at for `hours`, the longest
-- first. No row: all were looked at.
select p.id
from   crowd.procedure p
left   join lateral (select at from crowd.button_look l
                     where  l.procedure_id = p.id order by l.id desc limit 1) as last on true
where  p.kind = 'registered' and p.hidden_at is null
  and  (last.at is null or last.at < now() - make_interval(hours => %(hours)s::integer))
order  by last.at nulls first, p.id
limit  %(most)s::integer
