-- The current key signs no more, and is believed for some seconds yet.
update crowd.signing_key
set    ends_at = now() + make_interval(secs => %(seconds)s::float)
where  ends_at is null
