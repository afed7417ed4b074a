-- The tokens of a commune's mandates: id, name, made at, the mandate. No row: there is none.
select t.id, t.label, t.made_at, t.mandate_id
from   crowd.mandate_token t
join   crowd.mandate m on m.id = t.mandate_id
where  m.commune_number = %(commune)s::integer
  and  m.revoked_at is null
  and  m.expires_at > now()
order  by t.id
