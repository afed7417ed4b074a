-- Every procedure, by name: registered ones, and the communes and this site once somebody spoke.
select id, kind, name, owner, url, host, created_at
from   crowd.procedure
where  kind = 'registered' or exists (select from crowd.face f where f.procedure_id = procedure.id)
order  by name, id
limit  %(most)s::integer
