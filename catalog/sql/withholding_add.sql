-- Keep the trace of who hid a number or showed it again. No answer.
insert into catalog.withholding (commune_number, digits, action, decided_by)
values (%(number)s::integer, %(digits)s::text, %(action)s::text, %(who)s::text)
