-- After a day, forget from where a code was asked.
update crowd.agent_code set network = null
where  made_at < now() - interval '1 day' and network is not null
