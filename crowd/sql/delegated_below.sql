-- What hangs on a mandate, or on all of the commune's own ones (`all`): (id, null, role, mailbox,
-- services, made, end, chain, depth) in the order of the tree; then the invitations that wait:
-- (null, id, role, mailbox, services, made, end, chain, depth). No row: nothing is delegated.
with recursive top as (
  select m.id from crowd.mandate m
  where  m.id = %(mandate)s::bigint
     or  (%(all)s::boolean and m.commune_number = %(commune)s::integer and m.parent_id is null
          and m.revoked_at is null and m.expires_at > now())
), tree (id, role, agent_id, services, made_at, expires_at, path, chain, depth) as (
  select m.id, m.role, m.agent_id, m.services, m.made_at, m.expires_at, array[m.id],
         array[m.role], 0
  from   top join crowd.mandate m on m.id = top.id
  union  all
  select m.id, m.role, m.agent_id, m.services, m.made_at, m.expires_at, tree.path || m.id,
         tree.chain || m.role, tree.depth + 1
  from   tree
  join   crowd.mandate m on m.parent_id = tree.id
  where  m.revoked_at is null and m.expires_at > now()
), shown as (
  select tree.id, null::bigint as invitation_id, tree.role, k.email, tree.services, tree.made_at,
         tree.expires_at, tree.chain, tree.depth, tree.path
  from   tree
  left   join crowd.agent_contact k on k.agent_id = tree.agent_id
  where  tree.depth > 0
  union  all
  select distinct on (i.id) null::bigint, i.id, i.role, i.email, i.services, i.made_at, i.ends_at,
         tree.chain || i.role, tree.depth + 1, tree.path || 9223372036854775807
  from   tree
  join   crowd.invitation i on tree.id = any(i.parents)
  where  i.accepted_at is null and i.refused_at is null and i.answer_by > now()
)
select id, invitation_id, role, email, services, made_at, expires_at, chain, depth
from   shown
order  by path, invitation_id
