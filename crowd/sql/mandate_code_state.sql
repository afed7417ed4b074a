-- How a request is: (commune, used, expired, wrong tries), by its page's secret or the mail's link.
-- No row: there is none.
select commune_number, used_at is not null, expires_at <= now(), wrong
from   crowd.mandate_code
where  request_hash = %(hash)s::bytea or link_hash = %(hash)s::bytea
