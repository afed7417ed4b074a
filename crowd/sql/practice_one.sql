-- A sheet as its owner and moderators see it, with the words of one version: the one that waits,
-- else the one that readers see, else the last. By id or by the hash of the owner's link. No row:
-- there is none. The words are null once they were erased.
select p.id, p.reference, p.commune_number, c.code as commune_code, c.name as commune, p.service,
       p.speaker, p.mandate_id, p.account_id, p.language, p.state, p.version, p.published_version,
       p.waiting_version, p.created_at, p.published_at, p.confirmed_at, p.asked_at,
       k.email, v.id as version_id, v.cost, v.months, v.url, v.written_at,
       w.title, w.what, w.partners, w.wrong,
       (select max(id) from crowd.practice_version last where last.practice_id = p.id) as latest
from   crowd.practice p
join   catalog.commune c on c.number = p.commune_number
left   join crowd.practice_contact k on k.practice_id = p.id
left   join lateral (
  select * from crowd.practice_version one where one.practice_id = p.id
  order  by one.id = p.waiting_version desc nulls last,
            one.id = p.published_version desc nulls last, one.id desc
  limit 1
) v on true
left   join crowd.practice_words w on w.version_id = v.id
where  p.id = %(id)s::bigint or p.token_hash = %(token_hash)s::bytea
