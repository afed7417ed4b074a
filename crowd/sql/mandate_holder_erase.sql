-- Forget the mailbox that opened a mandate: the address, to be forgotten elsewhere too. No row:
-- there was none.
delete from crowd.mandate_holder h where h.mandate_id = %(mandate)s::bigint returning h.email
