-- Take every pair that waits for a score, in the transaction that scores it. No row: none waits.
delete from catalog.unscored returning service, commune_number
