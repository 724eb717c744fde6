-- A page of a supervisor's checkpoints, newest first: venture, supervisor, the number before which it begins, how many.
select number, parent, reason, label, state, standing, begins, cardinality(blobs) as blobs, created_at from holdfast.checkpoints
where venture_id = $1 and supervisor_id = $2 and ($3::bigint is null or number < $3) order by number desc limit $4
