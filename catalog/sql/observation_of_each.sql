-- All that the scorer reads of what is said of each commune, grouped by (service, commune),
-- each group in the scorer's order. `communes` null: all of those that still exist.
-- No row: nothing is said of any.
select o.service, o.commune_number, o.id, o.state, o.attributes::text, o.url, o.provider,
       o.nature, o.source_id, o.observed_at, o.valid_until, o.supersedes
from   catalog.observation o
join   catalog.commune c on c.number = o.commune_number and c.valid_to is null
where  o.service = any(%(known)s::text[])
  and  (%(communes)s::integer[] is null or o.commune_number = any(%(communes)s::integer[]))
order  by o.service, o.commune_number, o.observed_at, o.id
