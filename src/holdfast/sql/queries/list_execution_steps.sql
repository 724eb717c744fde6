-- A page of an execution's steps in their order: venture, execution, the position after which it begins, how many.
select position, name, status, started_at, ended_at from holdfast.execution_steps
where venture_id = $1 and execution_id = $2 and position > $3 order by position limit $4
