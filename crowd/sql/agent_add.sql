-- A new agent; their number, always one row.
insert into crowd.agent default values returning id
