-- What a search of records finds, in one row: how many (each group of duplicates once), what they
-- are by facet (name, value, count; a null value: not published), and the page that was asked as
-- hub ids with their positions, the best first. A group is shown by its best record among those
-- that match. Withdrawn records are not found; without an extent nothing matches a box.
with matched as materialized (
  select r.id, r.group_id, r.type, r.publisher, r.licence, r.source_id, r.keywords,
         r.distributions,
         case when %(words)s::text is null or %(by_date)s::boolean
              then coalesce(extract(epoch from r.source_updated) * 1000, -1e15)::bigint
              else (ts_rank(r.words,
                     websearch_to_tsquery('catalog.french', %(words)s::text)
                       || websearch_to_tsquery('catalog.plain', %(words)s::text), 1) * 1e9)::bigint
         end as position
  from   catalog.record r
  where  r.withdrawn_at is null
    and  (%(words)s::text is null
          or r.words @@ (websearch_to_tsquery('catalog.french', %(words)s::text)
                         || websearch_to_tsquery('catalog.plain', %(words)s::text)))
    and  (%(type)s::text is null or r.type = %(type)s::text)
    and  (%(publisher)s::text is null or r.publisher = %(publisher)s::text)
    and  (%(licence)s::text is null or r.licence = %(licence)s::text)
    and  (%(source)s::text is null or r.source_id = %(source)s::text)
    and  (%(keyword)s::text is null or r.keywords @> array[%(keyword)s::text]
          or r.themes @> array[%(keyword)s::text])
    and  (%(format)s::text is null
          or r.distributions @> jsonb_build_array(jsonb_build_object('format', %(format)s::text)))
    and  (%(from)s::timestamptz is null or r.source_updated >= %(from)s::timestamptz)
    and  (%(until)s::timestamptz is null or r.source_updated <= %(until)s::timestamptz)
    and  (%(west)s::float8 is null
          or case when %(west)s::float8 <= %(east)s::float8
                  then r.extent && st_makeenvelope(%(west)s::float8, %(south)s::float8,
                                                   %(east)s::float8, %(north)s::float8, 4326)
                  else r.extent && st_makeenvelope(%(west)s::float8, %(south)s::float8,
                                                   180, %(north)s::float8, 4326)
                    or r.extent && st_makeenvelope(-180, %(south)s::float8,
                                                   %(east)s::float8, %(north)s::float8, 4326) end)
), shown as materialized (
  select distinct on (group_id) * from matched order by group_id, position desc, id
), facets as (
  select 'type' as name, type as value from shown
  union all select 'source', source_id from shown
  union all select 'publisher', publisher from shown
  union all select 'licence', licence from shown
  union all select 'keyword', k from shown, unnest(keywords) as k
  union all select 'format', f from shown, lateral (
    select distinct d ->> 'format' as f from jsonb_array_elements(distributions) as d
    where d ->> 'format' is not null) as formats
), counted as (
  select name, value, count(*) as n,
         row_number() over (partition by name order by value is null, count(*) desc, value) as rank
  from   facets
  group  by name, value
), page as (
  select id, position
  from   shown
  where  %(after_id)s::bigint is null
     or  position < %(after_position)s::bigint
     or  (position = %(after_position)s::bigint and id > %(after_id)s::bigint)
  order  by position desc, id
  limit  %(limit)s::integer
)
select (select count(*) from shown) as total,
       (select coalesce(jsonb_agg(jsonb_build_array(name, value, n) order by name, rank), '[]')
        from counted where rank <= %(values)s::integer or value is null) as facets,
       (select coalesce(jsonb_agg(jsonb_build_array(id, position) order by position desc, id), '[]')
        from page) as page
