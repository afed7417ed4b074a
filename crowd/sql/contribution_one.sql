-- One contribution as crowd.contributions.Contribution, by its id. No row: unknown.
select c.id, c.reference, c.voice_id, c.speaker, c.mandate, c.account_id, c.language, c.kind,
       c.commune_number, c.service, c.claim, c.before, c.state, c.why, c.version, c.created_at,
       c.seen_at, c.decided_at, c.thanks_name, w.comment, k.who, k.confirmed_at,
       k.email
from   crowd.contribution c
left   join crowd.words w on w.contribution_id = c.id
left   join crowd.contact k on k.contribution_id = c.id
where  c.id = %(id)s::bigint
