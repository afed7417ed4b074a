-- Keep a draft, or what it has become.
insert into crowd.draft (token_hash, fields, opened_at)
values (%(token_hash)s::bytea, %(fields)s::jsonb, %(opened_at)s::timestamptz)
on conflict (token_hash) do update set fields = excluded.fields
