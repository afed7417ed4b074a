-- What was decided of a version of a sheet, and why. No answer.
insert into crowd.practice_decision (practice_id, version_id, actor, action, reason, text)
values (%(practice)s::bigint, %(version)s::bigint, %(actor)s::text, %(action)s::text,
        %(reason)s::text, %(text)s::text)
