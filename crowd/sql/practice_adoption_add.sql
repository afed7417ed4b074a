-- A commune adopts a sheet, or gives it up: the row's id. No row: somebody of it was faster.
insert into crowd.practice_adoption (practice_id, commune_number, mandate_id, given_up, supersedes)
values (%(practice)s::bigint, %(commune)s::integer, %(mandate)s::bigint, %(given_up)s::boolean,
        %(supersedes)s::bigint)
on conflict (supersedes) do nothing
returning id
