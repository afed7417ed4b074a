-- How many voices of this procedure came from this network within a day, and how many faces came
-- from everywhere within a minute. Always one row.
select (select count(*) from crowd.voice_origin
        where  procedure_id = %(procedure)s::text and network = %(network)s::bytea
          and  at > now() - interval '1 day'),
       (select count(*) from crowd.face
        where  procedure_id = %(procedure)s::text and at > now() - interval '1 minute')
