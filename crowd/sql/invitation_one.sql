-- An invitation by its link: (id, role, services, end, whether it waits, codes, names and numbers
-- of its communes, roles of those who delegate). No row: there is none.
select i.id, i.role, i.services, i.ends_at,
       i.accepted_at is null and i.refused_at is null and i.answer_by > now(),
       array_agg(m.commune_code order by m.id), array_agg(c.name order by m.id),
       array_agg(m.commune_number order by m.id), array_agg(m.role order by m.id)
from   crowd.invitation i
join   crowd.mandate m on m.id = any(i.parents)
join   catalog.commune c on c.number = m.commune_number
where  i.link_hash = %(link)s::bytea
group  by i.id
