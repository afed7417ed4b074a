-- Every commune of today with its outline as published (WKB), as tiles.bulk.tables `communes`.
-- No row: nothing was harvested. Eight have no outline in the source: theirs is null.
select   c.code, c.name, c.departement_code, c.region_code, c.epci_code, c.siren, c.population,
         c.postal_codes, round(o.area_km2::numeric, 3)::double precision,
         round(st_x(o.centre)::numeric, 6)::double precision,
         round(st_y(o.centre)::numeric, 6)::double precision, c.number, st_asbinary(o.geometry)
from     catalog.commune c
left join catalog.commune_outline o on o.number = c.number
where    c.valid_to is null
order by c.code
