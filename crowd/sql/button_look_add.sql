-- What one look at the page of a procedure found. No answer.
insert into crowd.button_look (procedure_id, outcome, url, detail)
values (%(procedure)s::text, %(outcome)s::text, %(url)s::text, %(detail)s::text)
