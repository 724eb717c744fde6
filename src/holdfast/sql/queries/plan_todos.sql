-- The todo lists of the executions that do a plan's steps: venture, plan.
select s.step_key, s.round, e.metadata -> 'todos' as todos
from holdfast.plan_steps s
join holdfast.agent_executions e on e.venture_id = s.venture_id and e.id = s.execution_id
where s.venture_id = $1 and s.plan_id = $2 and e.metadata ? 'todos'
