-- One statement that stands: (commune number, mandate, kind, url, label, certified url). No row:
-- there is none of that number, or it was superseded or withdrawn.
select commune_number, mandate_id, kind, url, label, certified_url
from   crowd.official_space s
where  id = %(id)s::bigint and not withdrawn
  and  not exists (select from crowd.official_space later where later.supersedes = s.id)
