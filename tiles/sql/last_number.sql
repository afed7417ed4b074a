-- The greatest number of a commune that has an outline in a geography. One row; null: none has.
select max(number)
from   tiles.outline
where  geography = %(geography)s::text
