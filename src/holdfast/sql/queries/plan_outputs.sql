-- What steps of a plan gave, in their newest rounds: venture, plan, steps.
select step_key, status::text, result from holdfast.plan_steps
where venture_id = $1 and plan_id = $2 and step_key = any ($3) and is_current
