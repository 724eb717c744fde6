-- Questions, oldest first: venture, whether only the open ones, whether only those that are for the caller, and the name of the caller where no token says it.
select id, asker, plan_name, step_key, message, options, schema, context, status::text, answer, answered_by, created_at, expires_at,
    answered_at, answered_as::text, audience, on_expiry::text, default_answer, escalated, blocks, action_digest, voided_at
from holdfast.v_questions
where venture_id = $1 and (not $2 or status = 'open')
    and (not $3::boolean or holdfast.is_for(audience, earlier_audiences, $4::text, $1))
order by created_at, id
limit 500
