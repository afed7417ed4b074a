-- Invitations that were sent to this mailbox are refused, and it is forgotten. No answer.
update crowd.invitation i
set    refused_at = now(), email = null
where  i.accepted_at is null and i.refused_at is null and i.email is not null
  and  sha256(convert_to('mail-stop|' || lower(i.email), 'UTF8')) = %(who)s::bytea
