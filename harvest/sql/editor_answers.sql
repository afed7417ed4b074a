-- Close the open incident of an editor, if there is one. No answer.
update harvest.editor_incident
set    closed_at = now()
where  editor = %(editor)s::text and closed_at is null
