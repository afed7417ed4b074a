-- An observation was taken back by another. No answer.
update crowd.publication
set    reverted_by = %(by)s::bigint
where  observation_id = %(observation)s::bigint
