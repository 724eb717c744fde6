-- A page of plans, newest first, with how far each is: venture, the id before which it begins, how many, status, directive.
select p.id, p.name, p.status, p.supervisor_id, p.directive_id, d.sd_key, p.created_at, p.started_at, p.ended_at, p.error_message,
    p.seq, s.restoration_count, s.state as supervisor_state, p.paused_at, p.paused_by, p.pause_reason, p.stop_reason,
    p.rolling_back_to, p.rollback_reason,
    s.ended_at is null and s.lease_epoch > 0 and s.paused_at is null
        and coalesce(s.lease_expires_at <= holdfast.now(), true) as interrupted,
    p.total_steps, p.done_steps as completed_steps, round(100.0 * p.done_steps / p.total_steps, 1) as progress,
    n.current_steps, n.waiting_questions
from holdfast.plans p
join holdfast.directives d on d.venture_id = p.venture_id and d.id = p.directive_id
join holdfast.supervisor_states s on s.venture_id = p.venture_id and s.id = p.supervisor_id
cross join lateral (
    select coalesce(array_agg(x.step_key order by x.position, x.item_index nulls first), '{}') as current_steps,
        count(*) filter (where x.status = 'waiting') as waiting_questions
    from holdfast.plan_steps x
    where x.venture_id = p.venture_id and x.plan_id = p.id and x.status in ('running', 'waiting', 'verifying')) n
where p.venture_id = $1 and ($2::uuid is null or p.id < $2)
    and ($4::text is null or p.status::text = $4)
    and (coalesce($4 in ('completed', 'failed', 'skipped'), true) or p.ended_at is null)  -- what few are has an index
    and ($4 is distinct from 'failed' or p.status = 'failed')
    and ($5::uuid is null or p.directive_id = $5)
order by p.id desc limit $3
