-- How many difficulties a procedure has, by kind, without those that are held.
select kind, count(*)
from   crowd.difficulty
where  procedure_id = %(procedure)s::text and state <> 'held'
group  by kind
