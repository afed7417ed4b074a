-- Replace the private link of a procedure (null: nobody holds one any more). Its id; none: no such one.
update crowd.procedure
set    owner_hash = %(owner_hash)s::bytea
where  id = %(id)s::text and kind = 'registered'
returning id
