-- A password is about to be tried: it counts as wrong until it was right.
insert into crowd.login_failure (who, network)
values (%(who)s::bytea, %(network)s::text)
returning id
