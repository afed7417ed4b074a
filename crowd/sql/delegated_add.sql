-- Open what an invitation offers, for each commune whose parent mandate and all above it stand:
-- (id, commune, code, name, parent, official mailbox to tell or null). No row: none stands.
with recursive asked as (
  select i.id, i.role, i.services, i.ends_at, i.parents
  from   crowd.invitation i where i.id = %(invitation)s::bigint
), climb (leaf, id, parent_id, fine) as (
  select m.id, m.id, m.parent_id, m.revoked_at is null and m.expires_at > now()
  from   asked join crowd.mandate m on m.id = any(asked.parents)
  union  all
  select climb.leaf, m.id, m.parent_id, m.revoked_at is null and m.expires_at > now()
  from   climb join crowd.mandate m on m.id = climb.parent_id
), standing as (
  select leaf, min(id) filter (where parent_id is null) as root
  from   climb group by leaf having bool_and(fine)
), made as (
  insert into crowd.mandate
    (commune_number, commune_code, proof, expires_at, parent_id, role, services, agent_id)
  select m.commune_number, m.commune_code, 'delegated', least(asked.ends_at, m.expires_at), m.id,
         asked.role, asked.services, %(agent)s::bigint
  from   asked
  join   crowd.mandate m on m.id = any(asked.parents)
  join   standing on standing.leaf = m.id
  returning id, commune_number, commune_code, parent_id
)
select made.id, made.commune_number, made.commune_code, c.name, made.parent_id, h.email
from   made
join   catalog.commune c on c.number = made.commune_number
join   standing on standing.leaf = made.parent_id
left   join crowd.mandate_holder h on h.mandate_id = standing.root
order  by made.id
