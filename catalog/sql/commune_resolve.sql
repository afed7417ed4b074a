-- Who answers for a code: (number, kind, name asked, last vintage with it, first without it, and
-- the code of the answering commune when it is itself no longer one).
-- A current commune wins over a former code of the same number, then a merged one whose dates are
-- known, then any other. The name is null when no source says it. A commune that ended and that no source gives a successor answers for
-- itself, as `ended`. No row: nobody ever had this code.
select a.number, a.kind, a.name, a.last_seen, a.gone_by,
       case when c.valid_to is not null and a.kind <> 'ended' then c.code end as ended
from (
  select number, case when valid_to is null then 'current' else 'ended' end as kind, name,
         null::date as last_seen, valid_to as gone_by,
         case when valid_to is null then 0 else 3 end as rank
  from   catalog.commune
  where  code = %(code)s::text
  union  all
  select commune_number, kind, nullif(name, ''), last_seen, gone_by,
         case when kind = 'merged' and gone_by is not null then 1 else 2 end
  from   catalog.former_code
  where  code = %(code)s::text
) a
join   catalog.commune c on c.number = a.number
-- By age of the form: a district or a delegated commune still exists, a merged one does not.
order  by a.rank, array_position(array['district', 'delegated', 'associated', 'sector'], a.kind)
          nulls last, a.kind
limit  1
