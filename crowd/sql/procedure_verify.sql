-- Say who checked the owner of a procedure (`by` null: nobody any more). Its id; none: no such one.
update crowd.procedure
set    verified_at = case when %(by)s::text is not null then now() end,
       verified_by = %(by)s::text, verified_commune = %(commune)s::integer
where  id = %(id)s::text and kind = 'registered'
returning id
