-- The names of all current communes, for telling a slip of the pen from another place. No row: the
-- catalogue is empty.
select name from catalog.commune where valid_to is null
