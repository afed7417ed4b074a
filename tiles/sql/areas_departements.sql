-- Make the borders of the départements from the kept outlines of their communes. No answer.
insert into tiles.area (kind, code, border_3857, geography)
select 'departements', c.departement_code,
       st_multi(st_boundary(st_unaryunion(st_collect(o.geometry_3857)))), %(geography)s::text
from   tiles.outline o
join   catalog.commune c using (number)
where  o.geography = %(geography)s::text
group  by c.departement_code
