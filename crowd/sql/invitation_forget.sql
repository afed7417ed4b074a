-- Forget the addresses of invitations that are answered or late.
update crowd.invitation set email = null
where  email is not null and (accepted_at is not null or answer_by <= now())
