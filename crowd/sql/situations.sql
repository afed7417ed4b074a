-- What surrounds contributions that arrive, a row for each: its place; its author's voice (the one
-- given, else that of the same network within a day; null: a new one); others of that author within
-- an hour and a day; copies of its text for other communes within a day; others on its pair within
-- an hour; whether its link's host already serves the commune; and the author's record on that
-- pair (accepted, refused).
select s.place, s.voice,
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
from   (select a.place, a.print, a.commune, a.service, a.host,
               coalesce(a.voice, (select o.voice_id
                                  from   crowd.origin o
                                  where  o.network = a.network
                                    and  o.at > now() - interval '1 day'
                                  order  by o.at desc
                                  limit  1)) as voice
        from   unnest(%(voices)s::bigint[], %(networks)s::bytea[], %(prints)s::text[],
                      %(communes)s::integer[], %(services)s::text[], %(hosts)s::text[])
               with ordinality as a (voice, network, print, commune, service, host, place)
        offset 0) as s
