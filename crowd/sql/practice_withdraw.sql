-- The owner takes a sheet away, and with it every word and the address. No answer.
with gone as (
  update crowd.practice
  set    state = 'withdrawn', published_version = null, waiting_version = null,
         version = version + 1
  where  id = %(practice)s::bigint
  returning id
), words as (
  delete from crowd.practice_words
  where  version_id in (select id from crowd.practice_version
                        where practice_id = %(practice)s::bigint)
), mailbox as (
  delete from crowd.practice_contact where practice_id = %(practice)s::bigint
), texts as (
  update crowd.practice_decision set text = null where practice_id = %(practice)s::bigint
)
delete from crowd.practice_origin where practice_id = %(practice)s::bigint
