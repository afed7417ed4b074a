-- The procedure that an owner's private link opens, hidden or not; none when it opens nothing.
select p.id, p.kind, p.name, p.owner, p.url, p.host, p.created_at, p.hidden_at, p.hidden_why,
       p.verified_at, m.name as verified_name
from   crowd.procedure p
left   join catalog.commune m on m.number = p.verified_commune
where  p.owner_hash = %(owner_hash)s::bytea
