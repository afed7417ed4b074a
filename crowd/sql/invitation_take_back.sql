-- Take back an invitation that waits, and forget its address. No answer.
update crowd.invitation
set    refused_at = now(), email = null
where  id = %(id)s::bigint and accepted_at is null and refused_at is null
