-- (number, département, EPCI or null) of each commune that exists. No row: none is loaded.
select number, departement_code, epci_code
from   catalog.commune
where  valid_to is null
order  by number
