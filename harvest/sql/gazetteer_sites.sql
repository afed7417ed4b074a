-- The official sites that directories ever published, by commune. No row: none was.
select distinct c.code, o.url
from   catalog.observation o
join   catalog.commune c on c.number = o.commune_number
where  o.service = 'official-site' and o.nature = 'directory' and o.url is not null
order  by c.code, o.url
