-- The newest run of a source that was read to its end: its id and release. No row: none was.
select id, release from harvest.run
where  source_id = %(source)s::text and not dry_run and state in ('done', 'partial', 'held')
order  by id desc limit 1
