-- Note how far the harvest of a source is, for people who watch. No answer.
insert into harvest.progress (source_id, what, done, total)
values (%(source)s::text, %(what)s::text, %(done)s::bigint, %(total)s::bigint)
on conflict (source_id) do update set
  what = excluded.what, done = excluded.done, total = excluded.total, at = now()
