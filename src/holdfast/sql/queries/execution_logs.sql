-- The newest lines of an execution's log, oldest of them first: venture, execution, how many.
select * from (
    select line, time, level::text, message, data from holdfast.agent_execution_logs
    where venture_id = $1 and execution_id = $2
    order by line desc
    limit $3) as newest
order by line
