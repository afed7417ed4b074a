-- Revoke a token of a commune: its session ends, and it with it. Its name. No row: there is none.
delete from crowd.mandate_session s
using  crowd.mandate_token t, crowd.mandate m
where  t.id = %(id)s::bigint
  and  t.token_hash = s.token_hash
  and  m.id = t.mandate_id
  and  m.commune_number = %(commune)s::integer
returning t.label
