-- How many contributions no moderator has decided, counted up to a bound. One row.
select count(*)
from   (select from crowd.contribution
        where  state in ('waiting', 'asked', 'held')
        limit  %(bound)s::integer) as open
