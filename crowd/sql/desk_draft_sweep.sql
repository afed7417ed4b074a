-- Forget the drafts of mandates that are over.
delete from crowd.desk_draft d
using  crowd.mandate m
where  m.id = d.mandate_id and (m.revoked_at is not null or m.expires_at <= now())
