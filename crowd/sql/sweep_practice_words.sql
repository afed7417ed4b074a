-- Forget the words of sheets that were refused and of versions that were never published, some
-- days after they were written. No answer.
delete from crowd.practice_words w
using  crowd.practice_version v
join   crowd.practice p on p.id = v.practice_id
where  v.id = w.version_id
  and  v.written_at < now() - make_interval(days => %(days)s::integer)
  and  v.id is distinct from p.published_version
  and  v.id is distinct from p.waiting_version
  and  not exists (select from crowd.practice_decision d
                   where  d.version_id = v.id and d.action = 'publish' and p.state = 'published')
