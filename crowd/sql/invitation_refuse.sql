-- Refuse an invitation, and forget its address: its id. No row: it is over.
update crowd.invitation
set    refused_at = now(), email = null
where  link_hash = %(link)s::bytea and accepted_at is null and refused_at is null
returning id
