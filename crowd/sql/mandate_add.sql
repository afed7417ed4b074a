-- A new mandate; its id, always one row.
insert into crowd.mandate (commune_number, commune_code, proof, delegated_from, expires_at)
values (%(commune)s::integer, %(code)s::text, %(proof)s::text, null,
        now() + make_interval(days => %(days)s::integer))
returning id
