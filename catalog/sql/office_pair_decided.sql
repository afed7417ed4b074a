-- Write down what a person said of a pair. No answer.
insert into catalog.office_merge (action, kept_id, merged_id, decided_by, reason)
values (%(action)s::text, %(kept)s::bigint, %(merged)s::bigint, %(who)s::text, %(reason)s::text)
