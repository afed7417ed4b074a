-- Editors whose doors do not answer now, the oldest incident first. No row: all answer.
select editor, message, opened_at
from   harvest.editor_incident
where  closed_at is null
order  by opened_at
