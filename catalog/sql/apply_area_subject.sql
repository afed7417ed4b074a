-- Make a subject of area facts known, or bring its titles up to date. No answer.
insert into catalog.area_subject as s (id, source_id, title_fr, title_en, unit)
values (%(id)s::text, %(source)s::text, %(title_fr)s::text, %(title_en)s::text, %(unit)s::text)
on conflict (id) do update set
  source_id = excluded.source_id, title_fr = excluded.title_fr, title_en = excluded.title_en,
  unit = excluded.unit
where (s.source_id, s.title_fr, s.title_en, s.unit)
      is distinct from (excluded.source_id, excluded.title_fr, excluded.title_en, excluded.unit)
