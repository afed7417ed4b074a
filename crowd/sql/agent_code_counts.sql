-- Who has a mailbox (null: nobody to whom a commune delegates now), the codes sent to them within a
-- day, and the requests from a network within a day. Always one row.
select (select k.agent_id from crowd.agent_contact k
        where  k.email = %(email)s::text
          and  exists (select from crowd.mandate m where m.agent_id = k.agent_id
                       and m.revoked_at is null and m.expires_at > now())),
       (select count(*) from crowd.agent_code c
        join   crowd.agent_contact k on k.agent_id = c.agent_id
        where  k.email = %(email)s::text and c.made_at > now() - interval '1 day'),
       (select count(*) from crowd.agent_code c
        where  c.network = %(network)s::text and c.made_at > now() - interval '1 day')
