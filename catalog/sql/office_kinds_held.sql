-- Which of these kinds of office the catalogue holds. No row: none of them.
select asked.kind
from   unnest(%(kinds)s::text[]) with ordinality as asked (kind, position)
where  exists (
  select from catalog.office o where o.kind = asked.kind and o.withdrawn_at is null
)
order  by asked.position
