-- Note that a pair has a statement that is not scored yet. No row is returned.
insert into catalog.unscored (service, commune_number)
values (%(service)s::text, %(commune_number)s::integer)
on conflict do nothing
