-- The communes that adopted a sheet, the latest first: (number, code, name, at). No row: none.
select c.number, c.code, c.name, a.at
from   crowd.practice_adoption a
join   catalog.commune c on c.number = a.commune_number
where  a.practice_id = %(practice)s::bigint and not a.given_up
  and  not exists (select from crowd.practice_adoption later where later.supersedes = a.id)
order  by a.id desc
limit  500
