-- Every mandate, the newest first: (id, code, name, proof, email, made, expires, revoked).
select m.id, m.commune_code, c.name, m.proof, h.email, m.made_at, m.expires_at, m.revoked_at
from   crowd.mandate m
join   catalog.commune c on c.number = m.commune_number
left   join crowd.mandate_holder h on h.mandate_id = m.id
order  by m.id desc
