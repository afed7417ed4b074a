-- What is contested: (service, facts that this mandate contested within a day). No row: it is not of
-- this commune, or is the commune's own word, which it declares anew.
select o.service, (
  select count(*) from crowd.contest c
  where  c.mandate_id = %(mandate)s::bigint and c.made_at > now() - interval '1 day'
)
from   catalog.observation o
where  o.id = %(observation)s::bigint
  and  (o.commune_number = %(commune)s::integer or o.commune_number is null)
  and  o.state is not null
  and  o.source_id <> 'communes'
