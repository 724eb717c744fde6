-- The questions of a plan's gates, oldest first: venture, plan.
select id, message, options, schema, audience, blocks, status::text, answer, answered_by, created_at, expires_at, answered_at, voided_at
from holdfast.v_questions where venture_id = $1 and plan_id = $2 order by created_at
