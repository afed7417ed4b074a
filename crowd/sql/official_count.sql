-- How many statements of a commune's mairie stand. One row.
select count(*) from crowd.official_space s
where  commune_number = %(commune)s::integer and not withdrawn
  and  not exists (select from crowd.official_space later where later.supersedes = s.id)
