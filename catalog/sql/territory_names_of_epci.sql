-- Code and name of every epci, in order of code. No row: nothing was harvested yet.
select code, name
from   catalog.epci
order  by code
