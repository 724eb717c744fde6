-- A page of an execution's log, oldest line first: venture, execution, the line after which it begins, how many, the least
-- level, a part of the message.
select line, time, level, message, data from holdfast.agent_execution_logs
where venture_id = $1 and execution_id = $2 and ($3::bigint is null or line > $3)
    and ($5::text is null or level >= $5::holdfast.log_level)
    and ($6::text is null or position(lower($6) in lower(message)) > 0)
order by line limit $4
