-- The contests that wait since more than five minutes. No row: none does.
select c.id from crowd.contest c
where  c.state = 'waiting' and c.made_at < now() - interval '5 minutes'
order  by c.id
limit  100
