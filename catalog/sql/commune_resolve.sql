-- Who answers for a code: (number, kind, name asked, last vintage with it, first without it).
-- A current commune wins over a former code that has the same number. No row: nobody.
select number, kind, name, last_seen, gone_by
from (
  select c.number, 'current' as kind, c.name, null::date as last_seen, null::date as gone_by,
         0 as rank
  from   catalog.commune c
  where  c.code = %(code)s::text
  union  all
  select f.commune_number, f.kind, f.name, f.last_seen, f.gone_by,
         case when f.kind = 'merged' and f.gone_by is not null then 1 else 2 end
  from   catalog.former_code f
  where  f.code = %(code)s::text
) answers
order  by rank, kind
limit  1
