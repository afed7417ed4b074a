-- Note that two offices may be one place, with why; what a person decided stays. No answer.
insert into catalog.office_pair as p (low_id, high_id, score, explained)
values (%(low)s::bigint, %(high)s::bigint, %(score)s::float8, %(explained)s::jsonb)
on conflict (low_id, high_id) do update set
  score = excluded.score, explained = excluded.explained
where (p.score, p.explained) is distinct from (excluded.score, excluded.explained)
