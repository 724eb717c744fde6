-- A page of a supervisor's steps as they began: venture, supervisor, when the one began after which it begins, its name, how many.
select name, status, attempt, result, error_message, started_at, ended_at, dropped_at from holdfast.supervisor_steps
where venture_id = $1 and supervisor_id = $2 and ($3::timestamptz is null or (started_at, name) > ($3, $4::text))
order by started_at, name limit $5
