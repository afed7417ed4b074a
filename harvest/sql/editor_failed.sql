-- Open an incident of an editor, or leave the one that is open. No answer.
insert into harvest.editor_incident (editor, message)
values (%(editor)s::text, %(message)s::text)
on conflict (editor) where closed_at is null do nothing
