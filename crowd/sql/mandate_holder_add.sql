-- Whose mailbox proved a mandate. No answer.
insert into crowd.mandate_holder (mandate_id, email) values (%(mandate)s::bigint, %(email)s::text)
