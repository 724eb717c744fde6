-- The steps of a plan in its order, the newest round of each or every one, with gate and evidence: venture, plan, whether every round.
select s.step_key, s.round, s.position, s.title, s.active_form, s.role, s.needs, s.status, s.attempt, s.has_verification,
    s.agent, s.execution_id, s.verification_id, s.question_id, s.result, s.error_message, s.findings,
    s.started_at, s.ended_at, s.skip_reason, s.of_step, s.report_id, s.released_at, s.undo_status, s.undo_id,
    q.message as gate_message, q.options as gate_options, q.status as gate_status, q.answer as gate_answer,
    q.answered_by as gate_answered_by, q.answered_at as gate_answered_at,
    e.command as evidence_command, e.exit_code, encode(e.output_digest, 'hex') as output_digest, e.output_tail,
    e.started_at as verified_at, e.duration_ms, x.completed_steps, x.total_steps, x.progress, x.current_activity
from holdfast.plan_steps s
left join holdfast.questions q on q.venture_id = s.venture_id and q.id = s.question_id
left join holdfast.plan_step_evidence e on e.venture_id = s.venture_id and e.plan_id = s.plan_id
    and e.step_key = s.step_key and e.round = s.round and e.attempt = s.attempt
left join holdfast.agent_executions x on x.venture_id = s.venture_id
    and x.id = case when s.status = 'verifying' then s.verification_id else s.execution_id end
where s.venture_id = $1 and s.plan_id = $2
    and ($3::boolean or s.is_current)
order by s.position, s.item_index nulls first, s.round
