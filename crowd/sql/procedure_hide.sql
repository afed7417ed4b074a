-- Hide a procedure (`why` not null) or show it again. Its id; none when it is so already.
update crowd.procedure
set    hidden_at = case when %(why)s::text is not null then now() end, hidden_why = %(why)s::text
where  id = %(id)s::text and kind = 'registered' and (hidden_at is null) = (%(why)s::text is not null)
returning id
