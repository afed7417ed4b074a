-- How many communes exist. One row always.
select count(*) from catalog.commune where valid_to is null
