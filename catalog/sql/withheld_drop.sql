-- Show a number again: since when it was hidden. No row: it was not.
delete from catalog.withheld_phone
where  commune_number = %(number)s::integer and digits = %(digits)s::text
returning since
