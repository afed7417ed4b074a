-- A contribution whose address is confirmed takes the voice of the first one that the same address
-- confirmed. No change: it is the first.
update crowd.contribution c
set    voice_id = first.voice_id
from   crowd.contact mine,
       lateral (select o.voice_id
                from   crowd.contact k
                join   crowd.contribution o on o.id = k.contribution_id
                where  k.who = mine.who and k.confirmed_at is not null
                order  by k.confirmed_at, o.id
                limit  1) as first
where  mine.contribution_id = %(id)s::bigint and c.id = mine.contribution_id
