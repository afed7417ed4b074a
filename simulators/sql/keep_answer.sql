-- Keep the bytes of one answer under its identifier. No row comes back.
insert into simulators.answer (id, simulator, model, body)
values (%(id)s::text, %(simulator)s::text, %(model)s::text, %(body)s::bytea)
