-- A page of executions, newest first, without what may be large: venture, the id before which it begins, how many, status,
-- session, supervisor, directive, agent, a part of the name, whether only those that are not over, whether only the interrupted, or only the others.
select e.id, e.name, e.kind, e.agent, e.role, e.supervisor_id, e.directive_id, e.session_id, e.key, e.status, e.interrupted,
    e.current_activity, e.completed_steps, e.total_steps, e.progress, e.attempt, e.max_attempts, e.error_message, e.priority,
    e.run_at, e.created_at, e.started_at, e.ended_at, e.log_count, e.lease_epoch, e.lease_holder, e.lease_expires_at,
    e.heartbeat_at, e.seq, e.retry_of, d.sd_key, m.input_tokens, m.output_tokens, m.cost_usd
from holdfast.v_executions e
left join holdfast.directives d on d.venture_id = e.venture_id and d.id = e.directive_id
left join holdfast.execution_metrics m on m.venture_id = e.venture_id and m.execution_id = e.id
where e.venture_id = $1 and ($2::uuid is null or e.id < $2)
    and ($4::text is null or e.status::text = $4)
    and (coalesce($4 not in ('pending', 'running'), true) or e.ended_at is null)  -- what few are has an index
    and ($4 is distinct from 'failed' or e.status = 'failed') and ($4 is distinct from 'cancelled' or e.status = 'cancelled')
    and ($5::uuid is null or e.session_id = $5)
    and ($6::uuid is null or e.supervisor_id = $6)
    and ($7::uuid is null or e.directive_id = $7)
    and ($8::text is null or e.agent = $8)
    and ($9::text is null or position(lower($9) in lower(e.name)) > 0)
    and (not $10::boolean or e.ended_at is null)
    and ($11 is distinct from true or e.ended_at is null) and ($11::boolean is null or e.interrupted = $11)
order by e.id desc limit $3
