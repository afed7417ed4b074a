-- Make the borders of the régions from those of their départements. No answer.
insert into tiles.area (kind, code, border_3857, geography)
select 'regions', d.region_code,
       st_multi(st_boundary(st_unaryunion(st_collect(st_buildarea(a.border_3857))))),
       %(geography)s::text
from   tiles.area a
join   catalog.departement d on d.code = a.code
where  a.kind = 'departements'
  and  a.geography = %(geography)s::text
group  by d.region_code
