-- What is kept of the holder of mandates: (mailboxes, drafts, contested facts, invitations made), as
-- JSON arrays or null. Always one row.
select
  (select jsonb_agg(h.email) from crowd.mandate_holder h where h.mandate_id = any(%(ids)s::bigint[])),
  (select jsonb_agg(jsonb_build_object('mandate', d.mandate_id, 'service', d.service,
                                       'fields', d.fields, 'saved_at', d.saved_at))
   from crowd.desk_draft d where d.mandate_id = any(%(ids)s::bigint[])),
  (select jsonb_agg(jsonb_build_object('observation', c.observation_id, 'service', c.service,
                                       'reason', c.reason, 'made_at', c.made_at,
                                       'outcome', c.outcome))
   from crowd.contest c where c.mandate_id = any(%(ids)s::bigint[])),
  (select jsonb_agg(jsonb_build_object('role', i.role, 'services', i.services,
                                       'made_at', i.made_at, 'accepted_at', i.accepted_at))
   from crowd.invitation i where i.parents && %(ids)s::bigint[])
