-- The published sheets that a commune adopted, the latest first: (id, title, at). No row: none.
select p.id, w.title, a.at
from   crowd.practice_adoption a
join   crowd.practice p on p.id = a.practice_id and p.state = 'published'
join   crowd.practice_words w on w.version_id = p.published_version
where  a.commune_number = %(commune)s::integer and not a.given_up
  and  not exists (select from crowd.practice_adoption later where later.supersedes = a.id)
order  by a.id desc
limit  200
