-- How much the catalogue holds, one row per kind of thing. Always four rows.
select 'Communes' as what, count(*) as count from catalog.commune where valid_to is null
union all
select 'Offices', count(*) from catalog.office where withdrawn_at is null
union all
select 'Observations', count(*) from catalog.observation
union all
select 'Sources', count(*) from catalog.source
