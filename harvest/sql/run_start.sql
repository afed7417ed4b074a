-- Open the journal of a run. One row: its id.
insert into harvest.run (source_id, release, state, dry_run)
values (%(source)s::text, %(release)s::text, 'running', %(dry_run)s::boolean)
returning id
