-- Remember, for a day, that a network spoke of a procedure. No answer.
insert into crowd.voice_origin (procedure_id, network) values (%(procedure)s::text, %(network)s::bytea)
