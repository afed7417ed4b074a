-- How many sheets came from a network within a day, and how many wait for a moderator. One row.
select (select count(*) from crowd.practice_origin
        where network = %(network)s::bytea and at > now() - interval '1 day'),
       (select count(*) from (select from crowd.practice where waiting_version is not null
                              limit %(most)s::integer) as open)
