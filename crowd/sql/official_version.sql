-- What tells whether the known official spaces may have moved: the last statement of mairies, how
-- many have outlived their mandate, how many have passed their time; the last observation of
-- anything. One row.
select coalesce(max(s.id), 0),
       count(*) filter (where least(m.revoked_at, m.expires_at) <= now()),
       count(*) filter (where s.declared_at < now() - make_interval(days => %(days)s::integer)),
       (select coalesce(max(id), 0) from catalog.observation)
from   crowd.official_space s
join   crowd.mandate m on m.id = s.mandate_id
