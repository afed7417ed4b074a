-- The newest run that may have written facts and was never scored: one row, null when there is
-- none. A run that counts nothing new, changed, renewed or withdrawn wrote no fact.
select max(r.id)
from   harvest.run r
where  r.state in ('done', 'held') and not r.dry_run
  and  r.id > coalesce((select max(run_id) from harvest.run_event
                        where message = %(scored)s::text), 0)
  and  exists (select from jsonb_each_text(r.counts) c
               where c.key in ('new', 'changed', 'renewed', 'withdrawn') and c.value <> '0')
