-- Keep one line of a draft. No answer.
insert into crowd.desk_draft (mandate_id, service, fields, base)
values (%(mandate)s::bigint, %(service)s::text, %(fields)s::jsonb, %(base)s::bigint)
on conflict (mandate_id, service) do update
set    fields = excluded.fields, base = excluded.base, saved_at = now()
