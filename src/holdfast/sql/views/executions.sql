-- How executions stand; `interrupted` is derived: running, and no worker holds it.
create view holdfast.v_executions with (security_invoker = true) as
select e.venture_id, e.id, e.name, e.kind, e.agent, e.role, e.supervisor_id, e.directive_id, e.session_id, e.key, e.status,
    e.status = 'running' and (e.lease_expires_at <= holdfast.now() or e.lease_expires_at is null and e.kind is not null) as interrupted,
    e.current_activity, e.completed_steps, e.total_steps, e.progress, e.attempt, e.max_attempts, e.error_message, e.result,
    e.input, e.metadata, e.created_at, e.started_at, e.ended_at, e.log_count, e.lease_epoch, e.lease_holder, e.lease_expires_at,
    e.heartbeat_at, e.seq, e.retry_of, e.priority, e.run_at
from holdfast.agent_executions e;
comment on view holdfast.v_executions is 'How executions stand.';
