-- Sets the group of every record: the given one, or itself. Answers with nothing; only records
-- whose group changes are written.
update catalog.record r
set    group_id = coalesce(g.group_id, r.id)
from   catalog.record one
left   join unnest(%(ids)s::bigint[], %(groups)s::bigint[]) as g(id, group_id) on g.id = one.id
where  one.id = r.id and r.group_id <> coalesce(g.group_id, r.id)
