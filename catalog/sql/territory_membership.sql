-- Where each commune that exists is: number, code, name, population, région, département, EPCI.
-- In order of number. No row: nothing was harvested yet.
select number, code, name, population, region_code, departement_code, epci_code
from   catalog.commune
where  valid_to is null
order  by number
