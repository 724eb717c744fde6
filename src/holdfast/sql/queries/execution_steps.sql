-- The newest steps of an execution, oldest of them first: venture, execution, how many.
select * from (
    select position, name, status::text, started_at, ended_at from holdfast.execution_steps
    where venture_id = $1 and execution_id = $2 order by position desc limit $3) as newest
order by position
