-- Whether what a contribution became is in the score of its pair. One row when it exists.
select exists (select from crowd.publication p
               where p.contribution_id = c.id and p.reverted_by is null)
       and not exists (select from catalog.unscored u
                       where u.service = c.service and u.commune_number = c.commune_number)
from   crowd.contribution c
where  c.id = %(id)s::bigint
