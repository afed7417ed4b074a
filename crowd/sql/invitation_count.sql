-- How many invitations these mandates sent within a day. Always one row.
select count(*) from crowd.invitation i
where  i.parents && %(ids)s::bigint[] and i.made_at > now() - interval '1 day'
