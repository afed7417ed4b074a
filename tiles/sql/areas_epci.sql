-- Make the borders of the EPCI from the kept outlines of their communes. No answer.
insert into tiles.area (kind, code, border_3857, geography)
select 'epci', c.epci_code,
       st_multi(st_boundary(st_unaryunion(st_collect(o.geometry_3857)))), %(geography)s::text
from   tiles.outline o
join   catalog.commune c using (number)
where  o.geography = %(geography)s::text
  and  c.epci_code is not null
group  by c.epci_code
