-- Forget the stored borders. No answer.
delete from tiles.area
