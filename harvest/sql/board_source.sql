-- Who a source is, as its file says. No row: there is no such source.
select id, title, publisher, licence, licence_url, url, nature
from   catalog.source where id = %(source)s::text
