-- Questions, oldest first: venture, whether only the open ones.
select id, asker, plan_name, step_key, message, options, context, status::text, answer, answered_by, created_at, expires_at, answered_at
from holdfast.v_questions
where venture_id = $1 and (not $2 or status = 'open')
order by created_at, id
limit 500
