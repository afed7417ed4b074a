-- After a day, forget where a code was sent and who asked for it.
update crowd.mandate_code
set    email = null, network = null
where  made_at < now() - interval '1 day' and (email is not null or network is not null)
