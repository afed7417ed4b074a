-- Register a webhook, when there are fewer than `most` and fewer than `most_per_host` that name
-- its host. One row always: (how many there were, how many of the host, whether it was added).
with counted as (
  select count(*) as living, count(*) filter (where host = %(host)s::text) as of_host
  from   catalog.webhook
), added as (
  insert into catalog.webhook (id, token_hash, url, host, services, territory, position, secret)
  select %(id)s::text, %(token_hash)s::bytea, %(url)s::text, %(host)s::text,
         %(services)s::text[], %(territory)s::text, %(position)s::bigint, %(secret)s::bytea
  from   counted
  where  living < %(most)s::integer and of_host < %(most_per_host)s::integer
  returning id
)
select living, of_host, exists (select from added) from counted
