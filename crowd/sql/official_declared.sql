-- What mairies declare as theirs now: the statements that nothing supersedes and that are not
-- withdrawals, of one commune or of all (`commune` null), the latest first. `until`: it counts so
-- long, `days` days, whatever becomes of the mandate; `ended_at`: the mandate has ended since, by
-- its date or revoked. No row: nothing is declared.
select s.id, s.commune_number, c.code, c.name, s.kind, s.url, s.label, s.certified_url,
       s.declared_at, s.mandate_id, m.role,
       s.declared_at + make_interval(days => %(days)s::integer) as until,
       case when least(m.revoked_at, m.expires_at) <= now()
            then least(m.revoked_at, m.expires_at) end as ended_at
from   crowd.official_space s
join   crowd.mandate m on m.id = s.mandate_id
join   catalog.commune c on c.number = s.commune_number
where  not s.withdrawn
  and  (%(commune)s::integer is null or s.commune_number = %(commune)s::integer)
  and  not exists (select from crowd.official_space later where later.supersedes = s.id)
order  by s.id desc
limit  %(most)s::integer
