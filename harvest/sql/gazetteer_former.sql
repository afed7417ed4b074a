-- Former codes and names with the commune that answers for each. No row: none is known.
select f.code, f.name, c.code as commune_code
from   catalog.former_code f
join   catalog.commune c on c.number = f.commune_number
order  by f.code, f.kind
