-- The latest statement of one source about each (commune, service), as of an instant:
-- number, service, observation id, whether it is a withdrawal, what was seen, when.
-- No row: the source has said nothing yet.
select distinct on (commune_number, service)
       commune_number, service, id, state is null as withdrawn, seen, observed_at
from   catalog.observation
where  source_id = %(source)s::text
  and  commune_number is not null
  and  observed_at <= %(at)s::timestamptz
order  by commune_number, service, observed_at desc, id desc
