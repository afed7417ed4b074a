-- An invitation is answered: its address is forgotten (the agent's own remembers it). No answer.
update crowd.invitation set email = null where id = %(id)s::bigint
