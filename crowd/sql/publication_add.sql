-- Which observation a contribution became, with the evidence word for word. No answer.
insert into crowd.publication (observation_id, contribution_id, sha256, document, confirms)
values (%(observation)s::bigint, %(contribution)s::bigint, %(sha256)s::text, %(document)s::text,
        %(confirms)s::boolean)
