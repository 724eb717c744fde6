-- One question with all that is known of it: venture, id, the name of the caller where no token says it.
select q.id, q.key, q.asker, q.plan_name, q.plan_id, q.step_key, q.message, q.options, q.schema, q.context, q.action, q.action_digest,
    q.status::text, q.audience, q.earlier_audiences, q.escalated, q.default_answer, q.on_expiry::text, q.escalation, q.blocks,
    q.created_at, q.expires_at, q.answer, q.answered_by, q.answered_as::text, q.answered_at, q.delivered_at, q.acknowledged_at,
    q.closed_at, q.closed_by, q.close_reason, q.voided_at,
    holdfast.is_for(q.audience, q.earlier_audiences, $3::text, $1) as is_mine,
    (select coalesce(jsonb_agg(jsonb_build_object('channel', n.channel, 'occasion', n.occasion, 'status', n.status,
        'attempts', n.attempts, 'error', n.error, 'ended_at', n.ended_at) order by n.created_at, n.channel), '[]')
        from holdfast.notifications n where n.venture_id = q.venture_id and n.question_id = q.id) as notifications
from holdfast.v_questions q where q.venture_id = $1 and q.id = $2
