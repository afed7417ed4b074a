-- Close what waits for a person about one subject of a source: a newer list has been compared,
-- and says itself what it lacks. No answer.
update harvest.hold
set    state = 'superseded', decided_at = now(), reason = 'A newer list was compared.'
where  source_id = %(source)s::text and subject = %(subject)s::text and state = 'open'
