-- Executions, newest first: venture, the id before which the page begins (or null), how many.
select * from holdfast.v_executions
where venture_id = $1 and ($2::uuid is null or id < $2)
order by id desc
limit $3
