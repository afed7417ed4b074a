-- The last look at the page of a procedure, and when the button was last seen there: (outcome, at,
-- detail, last seen). No row: nobody has looked.
select outcome, at, detail,
       (select max(at) from crowd.button_look
        where  procedure_id = %(procedure)s::text and outcome = 'seen')
from   crowd.button_look
where  procedure_id = %(procedure)s::text
order  by id desc
limit  1
