-- What waits for a moderator, oldest first: (id, reference, commune, code, service, state, title,
-- whether it corrects a published sheet, since). No row: nothing waits.
select p.id, p.reference, c.name, c.code, p.service, p.state, w.title,
       p.published_version is not null, v.written_at
from   crowd.practice p
join   catalog.commune c on c.number = p.commune_number
join   crowd.practice_version v on v.id = p.waiting_version
left   join crowd.practice_words w on w.version_id = v.id
where  p.waiting_version is not null and p.state <> 'withdrawn'
order  by p.state = 'held', v.id
limit  %(limit)s::integer
