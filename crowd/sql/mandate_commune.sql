-- The number of the current commune of a code. No row: there is none.
select number from catalog.commune where code = %(code)s::text and valid_to is null
