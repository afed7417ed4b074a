-- What stands behind the address of a commune's site, source by source: (commune number, code,
-- name, source, nature, url, observed at), the latest statement of each source that gives an
-- address and is still believed. A directory's, a register's, or the mairie's own; never a visit's
-- nor a resident's. `commune` null: of all. No row: nobody gives an address.
select number, code, name, source_id, nature, url, observed_at
from (
  select distinct on (o.commune_number, o.source_id)
         c.number, c.code, c.name, o.source_id, o.nature, o.url, o.observed_at, o.state,
         o.valid_until
  from   catalog.observation o
  join   catalog.commune c on c.number = o.commune_number
  where  o.service = 'official-site'
    and  o.nature in ('directory', 'register', 'agent')
    and  c.valid_to is null
    and  (%(commune)s::integer is null or o.commune_number = %(commune)s::integer)
  order  by o.commune_number, o.source_id, o.id desc
) latest
where  state > 2 and url is not null and (valid_until is null or valid_until > now())
order  by number, observed_at desc
