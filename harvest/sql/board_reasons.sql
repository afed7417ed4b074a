-- Why values of a run were not believed, the most frequent first: field, reason, how many.
-- No row: all were believed.
select coalesce(field, '') as field, reason, count(*) from harvest.rejected
where  run_id = %(run)s::bigint
group  by 1, 2 order by 3 desc, 1, 2
limit  %(limit)s::integer
