-- Batches that nobody seems to compute any more: each is to be asked again, by its door. No row: none.
select number, door
from   simulators.batch
where  state in ('waiting', 'running')
  and  told_at < now() - make_interval(secs => %(seconds)s::double precision)
  and  expires_at > now()
order by number
