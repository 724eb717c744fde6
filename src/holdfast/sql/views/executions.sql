-- How executions stand; `interrupted` is derived: running, and nobody holds it: no worker, or for a todo list no session.
create view holdfast.v_executions with (security_invoker = true) as
select e.venture_id, e.id, e.name, e.kind, e.agent, e.role, e.supervisor_id, e.directive_id, e.session_id, e.key, e.status,
    e.status = 'running' and case
        when e.lease_expires_at is not null then e.lease_expires_at <= holdfast.now()
        when e.metadata ? 'todos' then not exists (select from holdfast.claude_sessions s
            where s.venture_id = e.venture_id and s.id = e.session_id and s.lease_expires_at > holdfast.now())
        else e.kind is not null end as interrupted,
    e.current_activity, e.completed_steps, e.total_steps, e.progress, e.attempt, e.max_attempts, e.error_message, e.result,
    e.input, e.metadata, e.created_at, e.started_at, e.ended_at, e.log_count, e.lease_epoch, e.lease_holder, e.lease_expires_at,
    e.heartbeat_at, e.seq, e.retry_of, e.priority, e.run_at
from holdfast.agent_executions e;
comment on view holdfast.v_executions is 'How executions stand.';
