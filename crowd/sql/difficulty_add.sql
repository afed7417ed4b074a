-- Receive one difficulty. Its reference; none when this form was received before.
insert into crowd.difficulty
  (reference, once, procedure_id, kind, page, screen, language, comment, scrubbed, channel, state)
values (%(reference)s::text, %(once)s::bytea, %(procedure)s::text, %(kind)s::text, %(page)s::text,
        %(screen)s::text, %(language)s::text, %(comment)s::text, %(scrubbed)s::text[],
        %(channel)s::text, %(state)s::text)
on conflict (once) do nothing
returning reference
