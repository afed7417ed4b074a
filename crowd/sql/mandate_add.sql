-- A new mandate; its id, always one row.
insert into crowd.mandate (commune_number, commune_code, proof, expires_at)
values (%(commune)s::integer, %(code)s::text, %(proof)s::text,
        now() + make_interval(days => %(days)s::integer))
returning id
