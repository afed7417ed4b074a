-- Codes for official mailboxes that were sent to this one open nothing any more. No answer.
update crowd.mandate_code c
set    expires_at = now()
where  c.used_at is null and c.expires_at > now() and c.email is not null
  and  sha256(convert_to('mail-stop|' || lower(c.email), 'UTF8')) = %(who)s::bytea
