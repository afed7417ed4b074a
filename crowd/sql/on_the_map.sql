-- Whether what a contribution became is in the score of its pair, and when it was published (null:
-- it was not). One row when the contribution exists.
select exists (select from crowd.publication p
               where p.contribution_id = c.id and p.reverted_by is null)
       and not exists (select from catalog.unscored u
                       where u.service = c.service and u.commune_number = c.commune_number),
       (select min(o.recorded_at)
        from   crowd.publication p
        join   catalog.observation o on o.id = p.observation_id
        where  p.contribution_id = c.id and p.reverted_by is null)
from   crowd.contribution c
where  c.id = %(id)s::bigint
