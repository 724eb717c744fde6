-- A page of a supervisor's restorations, newest first: venture, supervisor, the number before which it begins, how many.
select number, source, restored_at, interrupted_at, holder, outcome, checkpoint, context, findings from holdfast.v_restorations
where venture_id = $1 and supervisor_id = $2 and ($3::bigint is null or number < $3) order by number desc limit $4
