-- Forget what deciders and authors wrote to each other long ago.
update crowd.decision
set    text = null
where  text is not null and at < now() - make_interval(days => %(days)s::integer)
