-- One execution with all that it has: venture, id.
select e.*, d.sd_key, m.input_tokens, m.output_tokens, m.cost_usd
from holdfast.v_executions e
left join holdfast.directives d on d.venture_id = e.venture_id and d.id = e.directive_id
left join holdfast.execution_metrics m on m.venture_id = e.venture_id and m.execution_id = e.id
where e.venture_id = $1 and e.id = $2
