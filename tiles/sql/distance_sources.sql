-- Title and licence of every source, by id. No row: nothing was harvested.
select id, title, licence from catalog.source order by id
