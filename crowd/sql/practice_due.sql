-- Published sheets whose owner is to be asked what became of them: published, confirmed and asked
-- more than `days` days ago, with an address: (id, reference, email, language, title, commune,
-- when). Locked until the transaction's end, so that two workers ask each owner once. No row: none.
select p.id, p.reference, k.email, p.language, w.title, c.name, p.published_at
from   crowd.practice p
join   crowd.practice_contact k on k.practice_id = p.id
join   crowd.practice_words w on w.version_id = p.published_version
join   catalog.commune c on c.number = p.commune_number
where  p.state = 'published' and p.published_version is not null
  and  greatest(p.published_at, p.confirmed_at, p.asked_at)
         < now() - make_interval(days => %(days)s::integer)
order  by p.id
limit  %(most)s::integer
for    update of p skip locked
