-- The last thing that a commune said of adopting a sheet: (id, given up). No row: nothing.
select id, given_up from crowd.practice_adoption
where  practice_id = %(practice)s::bigint and commune_number = %(commune)s::integer
order  by id desc limit 1
