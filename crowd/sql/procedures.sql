-- Every procedure that is shown, by name: registered ones, and the communes and this site once
-- somebody spoke. With `hidden`: those that moderators hid, instead.
select p.id, p.kind, p.name, p.owner, p.url, p.host, p.created_at, p.hidden_at, p.hidden_why,
       p.verified_at, m.name as verified_name
from   crowd.procedure p
left   join catalog.commune m on m.number = p.verified_commune
where  (p.hidden_at is not null) = %(hidden)s::boolean
  and  (p.kind = 'registered'
        or exists (select from crowd.face f where f.procedure_id = p.id))
order  by p.name, p.id
limit  %(most)s::integer
