-- Begin a generation over what the catalogue holds now, and return it. No row: no commune yet.
-- `geography` changes when a number, a code, a name, a membership or a geometry does, and only
-- then: unchanged geography reuses the files of the generation before.
insert into catalog.generation (geography, facts)
select md5(string_agg(
         concat_ws('|', number, code, name, departement_code, region_code,
                   coalesce(epci_code, '-'),
                   coalesce(md5(st_asbinary(geometry, 'NDR')), '-')),
         ',' order by number)),
       (select coalesce(max(id), 0) from catalog.observation)
from   catalog.commune left join catalog.commune_outline using (number)
where  valid_to is null
having count(*) > 0
returning id, geography, facts, started_at, published_at, files
