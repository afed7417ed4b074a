-- The geography's fingerprint: of the publication in force, else of what is in the catalogue.
-- One row always. Reading it from the publication spares hashing 40 MB of geometry.
select coalesce(
  (select geography
   from   catalog.generation
   where  published_at is not null
   order  by id desc
   limit  1),
  (select md5(string_agg(fingerprint, ',' order by number))
   from   catalog.commune
   where  valid_to is null),
  'empty')
