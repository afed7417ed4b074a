-- Erase the webhooks that nobody confirmed within `hours`, and those that have been paused or ended
-- for `days`. No row: nothing.
delete from catalog.webhook
where  state = 'pending' and made_at < now() - make_interval(hours => %(hours)s::integer)
   or  state in ('paused', 'ended')
  and  ended_at < now() - make_interval(days => %(days)s::integer)
