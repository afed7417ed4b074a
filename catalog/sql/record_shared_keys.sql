-- Keys that published records of different sources share, with the records and their sources.
-- A key that one source uses for two records says nothing (a portal's home page, a common file)
-- and is left out. No row: no two portals describe the same thing.
select k.key, array_agg(r.id order by r.id), array_agg(r.source_id order by r.id)
from   catalog.record_key k
join   catalog.record r on r.id = k.record_id and r.withdrawn_at is null
group  by k.key
having count(*) > 1 and count(*) = count(distinct r.source_id)
order  by array_position(array['doi', 'uri', 'page', 'same'], split_part(k.key, ':', 1)), k.key
