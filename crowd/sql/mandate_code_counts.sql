-- What was asked within a day: (codes sent for this commune, requests from this network).
select count(*) filter (where commune_number = %(commune)s::integer and outcome = 'sent'),
       count(*) filter (where network = %(network)s::text)
from   crowd.mandate_code
where  made_at > now() - interval '1 day'
  and  (commune_number = %(commune)s::integer or network = %(network)s::text)
