-- Whether the click that was received before is counted; none when there was none.
select held is null from crowd.face where once = %(once)s::bytea
