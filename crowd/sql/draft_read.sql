-- A draft: (fields, when its form was shown, when it was kept, how many photos).
-- No row: never kept, sent, or forgotten.
select d.fields, d.opened_at, d.created_at,
       (select count(*)::integer from crowd.photo p where p.draft_hash = d.token_hash)
from   crowd.draft d
where  d.token_hash = %(token_hash)s::bytea
  and  d.created_at > now() - make_interval(hours => %(hours)s::integer)
