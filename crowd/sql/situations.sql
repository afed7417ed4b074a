-- What surrounds contributions that arrive, a row for each: its place; others of its author within
-- an hour and a day; copies of its text for other communes within a day; others on its pair within
-- an hour; whether its link's host already serves the commune; and the author's record on that
-- pair (accepted, refused).
select s.place,
       (select count(*) from crowd.origin
        where voice_id = s.voice and at > now() - interval '1 hour'),
       (select count(*) from crowd.origin
        where voice_id = s.voice and at > now() - interval '1 day'),
       (select count(*) from crowd.contribution
        where print = s.print and created_at > now() - interval '1 day'
          and commune_number <> s.commune),
       (select count(*) from crowd.contribution
        where commune_number = s.commune and service = s.service
          and created_at > now() - interval '1 hour'),
       coalesce((select bool_or(host.name = s.host or s.host like '%%.' || host.name)
        from (select url from catalog.observation
              where (commune_number = s.commune or commune_number is null)
                and nature <> 'resident' and url is not null
              union
              select website from catalog.office
              where commune_number = s.commune and website is not null) as link,
             lateral (select regexp_replace(lower(link.url),
                '^https?://(www\.)?([^/:?#]+).*$', '\2') as name) as host), false),
       (select count(*) from crowd.contribution c
        join   crowd.decision d on d.contribution_id = c.id and d.actor like 'account:%%'
        where c.voice_id = s.voice and c.state = 'accepted'
          and c.commune_number = s.commune and c.service = s.service
          and d.action = 'accept'),
       (select count(*) from crowd.contribution
        where voice_id = s.voice and state in ('refused', 'reverted')
          and commune_number = s.commune and service = s.service)
from   unnest(%(voices)s::bigint[], %(prints)s::text[], %(communes)s::integer[],
              %(services)s::text[], %(hosts)s::text[])
       with ordinality as s (voice, print, commune, service, host, place)
