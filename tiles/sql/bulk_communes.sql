-- Every commune of today with its outline as published (WKB), as tiles.bulk.tables `communes`.
-- No row: nothing was harvested. Eight have no outline in the source: theirs is null.
select   code, name, departement_code, region_code, epci_code, siren, population, postal_codes,
         round(area_km2::numeric, 3)::double precision, round(st_x(centre)::numeric, 6)::double precision,
         round(st_y(centre)::numeric, 6)::double precision, number, st_asbinary(geometry)
from     catalog.commune
where    valid_to is null
order by code
