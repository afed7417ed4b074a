-- A commune by its code, with the address of its site as last published, the name of its EPCI,
-- the names of its former communes and those of the other communes of its département. No row:
-- no such commune. `url` null: no source knows a site of it.
select c.number, c.code, c.name, e.name as epci,
       (select o.url from catalog.observation o
        where  o.commune_number = c.number and o.service = 'official-site' and o.url is not null
          and  o.observed_at = (select max(l.observed_at) from catalog.observation l
                                where l.commune_number = c.number and l.service = 'official-site')
        order  by o.id desc limit 1) as url,
       (select coalesce(array_agg(f.name), '{}') from catalog.former_code f
        where  f.commune_number = c.number) as former,
       (select coalesce(array_agg(n.name), '{}') from catalog.commune n
        where  n.departement_code = c.departement_code and n.number <> c.number) as others
from   catalog.commune c
left   join catalog.epci e on e.code = c.epci_code
where  c.code = %(code)s::text
