-- Up to when a person has confirmed the losses of one subject of a source: one row, null when
-- nobody ever did.
select max(observed_at) from harvest.hold
where  source_id = %(source)s::text and subject = %(subject)s::text and state = 'released'
