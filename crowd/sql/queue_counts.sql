-- How many wait in each open state, counted no further than `most`. Three rows.
select s.state, (select count(*)::integer
                 from   (select from crowd.contribution c
                         where  c.state in ('waiting', 'asked', 'held') and c.state = s.state
                         limit  %(most)s::integer) as counted)
from   (values ('waiting'), ('asked'), ('held')) as s (state)
