-- The offices that a source once listed under these ids: former id, our id, the id that it uses
-- now. No row: it never used them for something else.
select a.remote_id, o.id, o.remote_id as current
from   catalog.office_alias a
join   catalog.office o on o.id = a.office_id
where  a.source_id = %(source)s::text
  and  a.remote_id = any(%(remote_ids)s::text[])
