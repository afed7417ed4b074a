-- Whether the outlines and borders of a geography are kept. One row, true or false: borders are
-- made after the outlines, in the same transaction.
select exists (select from tiles.area where geography = %(geography)s::text)
