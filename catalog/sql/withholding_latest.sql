-- The number of the last act that hid a telephone or showed one again. One row; null: none ever.
select max(w.id) from catalog.withholding w
