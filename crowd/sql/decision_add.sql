-- What was decided of a contribution. No answer.
insert into crowd.decision (contribution_id, actor, action, reason, text)
values (%(contribution)s::bigint, %(actor)s::text, %(action)s::text, %(reason)s::text,
        %(text)s::text)
