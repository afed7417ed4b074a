-- Code and name of every region, in order of code. No row: nothing was harvested yet.
select code, name
from   catalog.region
order  by code
