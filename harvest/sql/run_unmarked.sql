-- Runs, of one source or of all (null), that may have written something which `keys` count, and
-- that nobody marked with `mark` since. Marks are per run, because runs of several sources end in
-- any order. No row: the effects of every run are taken up.
select r.id
from   harvest.run r
where  r.state in ('done', 'partial', 'held') and not r.dry_run
  and  (%(source)s::text is null or r.source_id = %(source)s::text)
  and  exists (select from jsonb_each_text(r.counts) c
               where c.key = any(%(keys)s::text[]) and c.value <> '0')
  and  not exists (select from harvest.run_event e
                   where e.run_id = r.id and e.message = %(mark)s::text)
order  by r.id
