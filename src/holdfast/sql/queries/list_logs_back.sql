-- The page of an execution's log that ends before a line, newest line first: venture, execution, that line, how many, the
-- least level, a part of the message.
select line, time, level, message, data from holdfast.agent_execution_logs
where venture_id = $1 and execution_id = $2 and ($3::bigint is null or line < $3)
    and ($5::text is null or level >= $5::holdfast.log_level)
    and ($6::text is null or position(lower($6) in lower(message)) > 0)
order by line desc limit $4
