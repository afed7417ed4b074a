-- Every commune of today with its département, its inhabitants (null: not published) and a point
-- inside it (null: its outline is not published). No row: nothing was harvested.
select   c.number, c.departement_code, c.population, st_x(o.centre), st_y(o.centre)
from     catalog.commune c
left join catalog.commune_outline o using (number)
where    c.valid_to is null
order by c.number
