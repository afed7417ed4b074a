-- Where each commune is: number, code, name, population, région, département, EPCI, and whether it
-- still exists (a number is never reused). In order of number. No row: nothing was harvested yet.
select number, code, name, population, region_code, departement_code, epci_code, valid_to is null
from   catalog.commune
order  by number
