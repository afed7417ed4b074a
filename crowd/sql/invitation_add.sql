-- Keep an invitation. No answer.
insert into crowd.invitation
  (link_hash, code_hash, email, role, parents, services, ends_at, answer_by)
values (%(link)s::bytea, %(code)s::bytea, %(email)s::text, %(role)s::text, %(parents)s::bigint[],
        %(services)s::text[], %(ends)s::timestamptz,
        least(%(ends)s::timestamptz, now() + make_interval(days => %(days)s::integer)))
