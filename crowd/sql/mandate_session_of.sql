-- The mandate that a session opens: (id, commune, expires at); its last use is noted. A mandate
-- lapses with its commune: another code, an end, or a merger since. No row: it opens nothing.
with alive as (
  select s.token_hash, s.seen_at, m.id, m.commune_number, m.expires_at
  from   crowd.mandate_session s
  join   crowd.mandate m on m.id = s.mandate_id
  join   catalog.commune c on c.number = m.commune_number and c.code = m.commune_code
  where  s.token_hash = %(hash)s::bytea
    and  s.seen_at > now() - make_interval(secs => %(idle)s::float)
    and  m.revoked_at is null
    and  m.expires_at > now()
    and  (c.valid_to is null or c.valid_to > current_date)
    and  not exists (
      select from catalog.former_code f
      where  f.commune_number = m.commune_number and f.kind = 'merged'
        and  f.gone_by > m.made_at::date and f.gone_by <= current_date
    )
), touched as (
  update crowd.mandate_session s
  set    seen_at = now()
  from   alive
  where  s.token_hash = alive.token_hash
    and  alive.seen_at < now() - make_interval(secs => %(touch)s::float)
)
select id, commune_number, expires_at
from   alive
