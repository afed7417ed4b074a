-- Forget how far the harvest of a source was: it is over. No answer.
delete from harvest.progress where source_id = %(source)s::text
