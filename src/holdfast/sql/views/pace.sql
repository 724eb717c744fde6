-- How long completed work took, without the time in which nobody was at it. Like work has the same name, role and agent;
-- `what` tells the work of a plan's step from its verification.
create view holdfast.v_past_executions with (security_invoker = true) as
select e.venture_id, e.id, e.name, e.role, e.agent, e.metadata ->> 'what' as what, e.completed_steps, e.ended_at,
    greatest(extract(epoch from e.ended_at - e.started_at)::double precision - e.waited_seconds, 0) as seconds
from holdfast.agent_executions e where e.status = 'completed';
comment on view holdfast.v_past_executions is 'How long completed executions took.';

create view holdfast.v_past_steps with (security_invoker = true) as
select s.venture_id, s.execution_id, s.position, s.name, s.ended_at,
    greatest(extract(epoch from s.ended_at - s.started_at)::double precision - s.waited_seconds, 0) as seconds
from holdfast.execution_steps s where s.status = 'completed';
comment on view holdfast.v_past_steps is 'How long completed steps took.';

-- Until when somebody was at an execution: its end, the last sign of who died or gave it back, the moment since when its
-- session waits, or now.
create view holdfast.v_execution_standing with (security_invoker = true) as
select e.venture_id, e.id, x.standing,
    case x.standing when 'over' then coalesce(e.ended_at, e.started_at) when 'working' then holdfast.now()
        when 'waiting' then coalesce(s.waiting_since, e.heartbeat_at) when 'dead' then coalesce(s.heartbeat_at, e.heartbeat_at)
        end as until
from holdfast.agent_executions e
left join holdfast.claude_sessions s on s.venture_id = e.venture_id and s.id = e.session_id
    and e.kind is null and e.lease_expires_at is null and e.ended_at is null
cross join lateral (select case
    when e.ended_at is not null then 'over'
    when e.status = 'pending' then 'pending'
    when e.lease_expires_at is null and e.kind is not null then case when e.run_at > holdfast.now() then 'waiting' else 'dead' end
    when e.lease_expires_at <= holdfast.now() or s.state = 'lost' or s.lease_expires_at <= holdfast.now() then 'dead'
    when s.waiting_since is not null then 'waiting'
    else 'working' end as standing) x;
comment on view holdfast.v_execution_standing is 'Whether anybody is at an execution, and until when somebody was.';
