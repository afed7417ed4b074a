-- Hide an answer (`why` not null) or show it again. Its procedure; none when it is so already.
update crowd.procedure_answer
set    hidden_at = case when %(why)s::text is not null then now() end, hidden_why = %(why)s::text
where  id = %(id)s::bigint and procedure_id = %(procedure)s::text
  and  (hidden_at is null) = (%(why)s::text is not null)
returning procedure_id
