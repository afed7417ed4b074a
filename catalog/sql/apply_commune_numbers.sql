-- The number of each commune, by its current code. No row: no territory was harvested yet.
select code, number from catalog.commune
