-- Sheets that readers see, the latest published first, after a position: their words, where and by
-- whom, what became of them, how many communes adopted them. Each condition is null for none.
-- `communes`: done or adopted in one of these. `id`: this one alone. No row: none is published.
select p.id, p.reference, p.commune_number, c.code as commune_code, c.name as commune,
       c.departement_code, c.population, p.service, p.speaker, w.title, w.what, w.partners,
       w.wrong, v.cost, v.months, v.url, v.id as version_id, v.written_at, p.published_at,
       p.confirmed_at, o.outcome,
       (select count(*) from crowd.practice_version n
        join   crowd.practice_decision d on d.version_id = n.id and d.action = 'publish'
        where  n.practice_id = p.id) as versions,
       coalesce(a.adopted, 0) as adopted
from   crowd.practice p
join   crowd.practice_version v on v.id = p.published_version
join   crowd.practice_words w on w.version_id = v.id
join   catalog.commune c on c.number = p.commune_number
left   join lateral (
  select outcome from crowd.practice_outcome where practice_id = p.id order by id desc limit 1
) o on true
left   join lateral (
  select count(*) as adopted from crowd.practice_adoption x
  where  x.practice_id = p.id and not x.given_up
    and  not exists (select from crowd.practice_adoption y where y.supersedes = x.id)
) a on true
where  p.state = 'published' and p.published_version is not null
  and  (%(id)s::bigint is null or p.id = %(id)s::bigint)
  and  (%(service)s::text is null or p.service = %(service)s::text)
  and  (%(least)s::integer is null or c.population >= %(least)s::integer)
  and  (%(most)s::integer is null or c.population < %(most)s::integer)
  and  (%(cheapest)s::integer is null or v.cost >= %(cheapest)s::integer)
  and  (%(dearest)s::integer is null or v.cost < %(dearest)s::integer)
  and  (not %(unsaid)s::boolean or v.cost is null)
  and  (%(words)s::text is null
        or strpos(lower(w.title || ' ' || w.what || ' ' || w.partners), lower(%(words)s::text)) > 0)
  and  (%(communes)s::integer[] is null or p.commune_number = any(%(communes)s::integer[])
        or exists (select from crowd.practice_adoption x
                   where  x.practice_id = p.id and not x.given_up
                     and  x.commune_number = any(%(communes)s::integer[])
                     and  not exists (select from crowd.practice_adoption y
                                      where y.supersedes = x.id)))
  and  (%(before)s::bigint is null or p.id < %(before)s::bigint)
order  by p.id desc
limit  %(limit)s::integer
