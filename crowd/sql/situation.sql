-- What surrounds a contribution that arrives, in one row: others of its author within an hour and
-- a day, copies of its text for other communes within a day, others on its pair within an hour, whether its
-- link's host already serves the commune, and the author's record on that pair (accepted, refused).
select (select count(*) from crowd.origin
        where voice_id = %(voice)s::bigint and at > now() - interval '1 hour'),
       (select count(*) from crowd.origin
        where voice_id = %(voice)s::bigint and at > now() - interval '1 day'),
       (select count(*) from crowd.contribution
        where print = %(print)s::text and created_at > now() - interval '1 day'
          and commune_number <> %(commune)s::integer),
       (select count(*) from crowd.contribution
        where commune_number = %(commune)s::integer and service = %(service)s::text
          and created_at > now() - interval '1 hour'),
       coalesce((select bool_or(
            host.name = %(host)s::text or %(host)s::text like '%%.' || host.name)
        from (select url from catalog.observation
              where (commune_number = %(commune)s::integer or commune_number is null)
                and nature <> 'resident' and url is not null
              union
              select website from catalog.office
              where commune_number = %(commune)s::integer and website is not null) as link,
             lateral (select regexp_replace(lower(link.url),
                '^https?://(www\.)?([^/:?#]+).*$', '\2') as name) as host), false),
       (select count(*) from crowd.contribution c
        join   crowd.decision d on d.contribution_id = c.id and d.actor like 'account:%%'
        where c.voice_id = %(voice)s::bigint and c.state = 'accepted'
          and c.commune_number = %(commune)s::integer and c.service = %(service)s::text
          and d.action = 'accept'),
       (select count(*) from crowd.contribution
        where voice_id = %(voice)s::bigint and state in ('refused', 'reverted')
          and commune_number = %(commune)s::integer and service = %(service)s::text)
