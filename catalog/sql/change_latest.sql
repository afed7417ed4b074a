-- The position of the latest change that readers can see. One row always: 0 before the first.
select coalesce(max(upto), 0) from catalog.change
