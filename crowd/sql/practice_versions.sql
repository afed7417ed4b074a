-- The versions of a sheet that were published, the latest first: (id, published at, title, what,
-- partners, wrong, cost, months, url). Words are null once they were erased. No row: none was.
select v.id, d.at, w.title, w.what, w.partners, w.wrong, v.cost, v.months, v.url
from   crowd.practice_version v
join   crowd.practice_decision d on d.version_id = v.id and d.action = 'publish'
left   join crowd.practice_words w on w.version_id = v.id
where  v.practice_id = %(practice)s::bigint
order  by v.id desc
