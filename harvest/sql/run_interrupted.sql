-- Runs of a source that were never closed: whoever asks holds the source's lock, so their
-- process is dead and its transaction was rolled back. One row per run that is closed here.
update harvest.run
set    state = 'interrupted', ended_at = now(),
       message = 'The process ended before the run did; nothing of it was kept.'
where  source_id = %(source)s::text and state = 'running'
returning id
