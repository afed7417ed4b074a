-- Hide a number: since when. No row: it was hidden.
insert into catalog.withheld_phone (commune_number, digits)
values (%(number)s::integer, %(digits)s::text)
on conflict do nothing
returning since
