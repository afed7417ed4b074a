-- What a mandate declared, word for word. No answer.
insert into crowd.declaration (observation_id, mandate_id, sha256, document)
values (%(observation)s::bigint, %(mandate)s::bigint, %(sha256)s::text, %(document)s::text)
