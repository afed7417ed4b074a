-- `median_delay` of each commune that has `fewest` decisions within the year: (code, name, median in
-- seconds, how many), those with the most decisions first. No row: no commune has as many.
select m.code, m.name, d.median, d.n
from   (select commune_number, count(*)::integer as n,
               percentile_cont(0.5) within group
                 (order by extract(epoch from decided_at - created_at)) as median
        from   crowd.contribution
        where  state in ('accepted', 'refused', 'reverted')
          and  decided_at > now() - interval '1 year'
        group  by commune_number
        having count(*) >= %(fewest)s::integer) as d
join   catalog.commune m on m.number = d.commune_number
order  by d.n desc, m.code
limit  %(most)s::integer
