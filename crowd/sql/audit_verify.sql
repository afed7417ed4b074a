-- The first row whose number or hash does not follow from the row before it.
-- No row: the chain holds.
with chained as (
  select id, hash,
         row_number() over (order by id) as place,
         sha256(coalesce(lag(hash) over (order by id), ''::bytea) || convert_to(
           crowd.audit_text(id, at, actor, action, subject, details), 'UTF8')) as expected
  from   crowd.audit
)
select id
from   chained
where  id <> place or hash <> expected
order  by id
limit  1
