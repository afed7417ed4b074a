-- Split an office from the one that it was merged into, and write that down. One row: the id of
-- the office that it was merged into. No row: it is not merged into anything.
with split as (
  delete from catalog.office_redirect where old_id = %(merged)s::bigint returning old_id, new_id
)
insert into catalog.office_merge (action, kept_id, merged_id, decided_by, reason)
select 'split', new_id, old_id, %(who)s::text, %(reason)s::text from split
returning kept_id
