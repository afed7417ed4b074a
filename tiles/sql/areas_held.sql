-- The geography that the stored borders were made from. No row: none was made.
select distinct geography from tiles.area
