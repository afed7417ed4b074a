-- A new current key. Nothing happens when another process has just made one.
insert into crowd.signing_key (key)
values (%(key)s::bytea)
on conflict ((ends_at is null)) where ends_at is null do nothing
