-- Publish an answer. Its id; none when this form was received before.
insert into crowd.procedure_answer (procedure_id, once, text, by)
values (%(procedure)s::text, %(once)s::bytea, %(text)s::text, %(by)s::text)
on conflict (once) do nothing
returning id
