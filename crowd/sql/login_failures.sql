-- Wrong passwords of a while, in one row: for this account from this network (how many, seconds
-- since the last), and from this network for any account (the same).
select count(*) filter (where who = %(who)s::bytea),
       coalesce(extract(epoch from now() - max(at) filter (where who = %(who)s::bytea)), 0)::float,
       count(*),
       coalesce(extract(epoch from now() - max(at)), 0)::float
from   crowd.login_failure
where  network = %(network)s::text
  and  at > now() - make_interval(secs => %(window)s::float)
