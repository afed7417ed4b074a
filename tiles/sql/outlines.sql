-- Number and outline (WKB, EPSG:4326) of every commune of some départements that has one;
-- of every département that is not in the list when `others` is true. No row: none has one.
select c.number, st_asbinary(o.geometry)
from   catalog.commune c
join   catalog.commune_outline o using (number)
where  c.valid_to is null
  and  (c.departement_code = any(%(departements)s::text[])) <> %(others)s::boolean
order  by c.number
