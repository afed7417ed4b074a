-- A new contest; its number. No row: the fact is contested already, and waits.
insert into crowd.contest (observation_id, commune_number, service, mandate_id, reason)
values (%(observation)s::bigint, %(commune)s::integer, %(service)s::text, %(mandate)s::bigint,
        %(reason)s::text)
on conflict do nothing
returning id
