-- Make the borders of the départements from their communes. No answer.
insert into tiles.area (kind, code, border_3857, geography)
select 'departements', departement_code,
       st_multi(st_boundary(st_unaryunion(st_collect(geometry_3857)))), %(geography)s::text
from   catalog.commune
where  geometry_3857 is not null and valid_to is null
group  by departement_code
