-- Make a source known, or bring its description up to date. No answer.
insert into catalog.source (id, title, publisher, licence, licence_url, url, nature)
values (%(id)s::text, %(title)s::text, %(publisher)s::text, %(licence)s::text,
        %(licence_url)s::text, %(url)s::text, %(nature)s::text)
on conflict (id) do update set
  title = excluded.title, publisher = excluded.publisher, licence = excluded.licence,
  licence_url = excluded.licence_url, url = excluded.url, nature = excluded.nature
