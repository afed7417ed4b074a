-- Forget the mailboxes of mandates that are over.
delete from crowd.mandate_holder h
using  crowd.mandate m
where  m.id = h.mandate_id and (m.revoked_at is not null or m.expires_at <= now())
