-- A sheet that this very form made before: (id, reference). No row: the form is new.
select id, reference from crowd.practice where once = %(once)s::bytea
