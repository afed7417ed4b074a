-- The median delay in seconds between sending and deciding, over a year of decisions, and of how
-- many; of one commune when it is given. What the author took back does not count. One row.
select percentile_cont(0.5) within group (order by extract(epoch from decided_at - created_at)),
       count(*)::integer
from   crowd.contribution
where  state in ('accepted', 'refused', 'reverted')
  and  decided_at > now() - interval '1 year'
  and  (%(commune)s::integer is null or commune_number = %(commune)s::integer)
