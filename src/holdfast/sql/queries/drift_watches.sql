-- The catalogues that the venture $1 has watched, by name.
select id, name, target, every_seconds, status, drift, problem, question_id, created_at, checked_at, next_at,
    jsonb_array_length(expected -> 'schemas') as schemas, (select count(*) from jsonb_object_keys(expected -> 'objects')) as objects
from holdfast.drift_watches where venture_id = $1 order by name
