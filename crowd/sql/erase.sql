-- Forget the author, the free words, the photo and the name of a contribution. One that was not
-- decided is withdrawn; what was published stays, as everybody's.
with contact as (
  delete from crowd.contact where contribution_id = %(id)s::bigint
), words as (
  delete from crowd.words where contribution_id = %(id)s::bigint
), origin as (
  delete from crowd.origin where contribution_id = %(id)s::bigint
), photo as (
  delete from crowd.photo where contribution_id = %(id)s::bigint
), texts as (
  update crowd.decision set text = null where contribution_id = %(id)s::bigint
)
update crowd.contribution
set    thanks_name = null, version = version + 1,
       state = case when state in ('waiting', 'asked', 'held') then 'withdrawn' else state end
where  id = %(id)s::bigint
