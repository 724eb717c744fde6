-- Executions that are not over and belong to no plan, oldest first: venture, how many.
select * from holdfast.v_executions
where venture_id = $1 and ended_at is null and not (metadata ? 'plan_id')
order by created_at limit $2
