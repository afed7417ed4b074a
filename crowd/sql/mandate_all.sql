-- Every mandate, the newest first: (id, code, name, proof, email, made, expires, revoked, role,
-- parent).
select m.id, m.commune_code, c.name, m.proof, coalesce(h.email, k.email), m.made_at, m.expires_at,
       m.revoked_at, m.role, m.parent_id
from   crowd.mandate m
join   catalog.commune c on c.number = m.commune_number
left   join crowd.mandate_holder h on h.mandate_id = m.id
left   join crowd.agent_contact k on k.agent_id = m.agent_id
order  by m.id desc
