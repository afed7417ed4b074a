-- Note that a person says that two offices are two places: nothing merges them again by itself.
-- No answer.
insert into catalog.office_pair (low_id, high_id, score, explained, different)
values (%(low)s::bigint, %(high)s::bigint, 0, '[]', true)
on conflict (low_id, high_id) do update set different = true
