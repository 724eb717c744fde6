-- The newest round of each step, with the evidence of its newest attempt.
create view holdfast.v_plan_steps with (security_invoker = true) as
select s.*, e.exit_code, e.output_digest, e.duration_ms as verification_ms, e.command as verification_command,
    x.completed_steps, x.total_steps, x.progress, x.current_activity
from holdfast.plan_steps s
left join holdfast.plan_step_evidence e on e.venture_id = s.venture_id and e.plan_id = s.plan_id
    and e.step_key = s.step_key and e.round = s.round and e.attempt = s.attempt
left join holdfast.agent_executions x on x.venture_id = s.venture_id
    and x.id = case when s.status = 'verifying' then s.verification_id else s.execution_id end
where s.is_current;
comment on view holdfast.v_plan_steps is 'The steps of plans as they stand now.';

create view holdfast.v_plans with (security_invoker = true) as
select p.venture_id, p.id, p.name, p.status, p.supervisor_id, p.directive_id, d.sd_key, p.spec, p.created_at, p.started_at,
    p.ended_at, p.error_message, p.seq, s.restoration_count, s.state as supervisor_state,
    s.ended_at is null and s.lease_epoch > 0 and s.paused_at is null and coalesce(s.lease_expires_at <= holdfast.now(), true) as interrupted,
    p.total_steps, p.done_steps as completed_steps, round(100.0 * p.done_steps / p.total_steps, 1) as progress,
    p.paused_at, p.paused_by, p.pause_reason, p.stop_reason, p.rolling_back_to, p.rollback_reason
from holdfast.plans p
join holdfast.directives d on d.venture_id = p.venture_id and d.id = p.directive_id
join holdfast.supervisor_states s on s.venture_id = p.venture_id and s.id = p.supervisor_id;
comment on view holdfast.v_plans is 'Plans, with progress derived from their steps.';
