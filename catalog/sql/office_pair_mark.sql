-- Say that a pair is two places, or take it back. One row: it changed. No row: it was so, or the
-- pair is not known.
update catalog.office_pair set different = %(different)s::boolean
where  low_id = %(low)s::bigint and high_id = %(high)s::bigint
  and  different <> %(different)s::boolean
returning low_id
