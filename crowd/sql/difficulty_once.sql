-- The reference that this very form was given before; none when it was not received.
select reference from crowd.difficulty where once = %(once)s::bytea
