-- The steps of a plan that are not done, with whatever each waits for: its execution, its question, its needs: venture, plan.
with newest as (
    select distinct on (s.step_key) s.* from holdfast.plan_steps s
    where s.venture_id = $1 and s.plan_id = $2 order by s.step_key, s.round desc
)
select s.step_key, s.title, s.status::text, s.round, s.attempt, s.error_message, s.started_at,
    array(select n.step_key from newest n
        where n.step_key = any (s.needs) and n.status not in ('completed', 'skipped') order by n.position) as unmet,
    x.id as execution_id, x.name as execution_name, x.kind, x.status::text as execution_status, x.attempt as execution_attempt,
    x.max_attempts, x.run_at, x.created_at as spawned_at, x.ended_at as execution_ended_at, x.current_activity,
    x.lease_expires_at is not null as is_held, x.lease_holder, x.lease_expires_at, x.heartbeat_at,
    (select max(l.time) from holdfast.agent_execution_logs l
        where l.venture_id = x.venture_id and l.execution_id = x.id) as heard_at,
    q.id as question_id, q.message, q.options, q.status::text as question_status, q.created_at as asked_at,
    q.answered_at, q.expires_at
from newest s
left join holdfast.agent_executions x on x.venture_id = s.venture_id and s.status in ('running', 'verifying')
    and x.id = case when s.status = 'verifying' then s.verification_id else s.execution_id end
left join holdfast.questions q on q.venture_id = s.venture_id and q.id = s.question_id and s.status = 'waiting'
where s.status not in ('completed', 'skipped')
order by s.position
