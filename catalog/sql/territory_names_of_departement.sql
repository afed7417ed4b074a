-- Code and name of every departement, in order of code. No row: nothing was harvested yet.
select code, name
from   catalog.departement
order  by code
