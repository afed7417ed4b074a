-- What tells whether the known official spaces may have moved: the last statement of mairies, and
-- the last observation of anything. One row.
select (select coalesce(max(id), 0) from crowd.official_space),
       (select coalesce(max(id), 0) from catalog.observation)
