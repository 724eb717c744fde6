-- A page of supervisors, newest first: venture, the id before which it begins, how many, state, directive, session, whether
-- only those that are not over.
select s.id, s.name, s.handler, s.key, s.state, s.paused_at, s.paused_by, s.pause_reason,
    s.ended_at is null and s.lease_epoch > 0 and s.paused_at is null
        and coalesce(s.lease_expires_at <= holdfast.now(), true) as interrupted,
    s.current_activity, s.phase, s.progress, s.error_message, s.directive_id, s.session_id, s.priority, s.created_at,
    s.started_at, s.ended_at, s.restoration_count, s.last_restored_at, s.restoration_source, s.deaths_in_a_row, s.lease_epoch,
    s.lease_holder, s.lease_expires_at, s.heartbeat_at, s.seq, s.checkpoint, s.forked_from,
    (select count(*) from holdfast.agent_executions e where e.venture_id = s.venture_id and e.supervisor_id = s.id) as spawned_tasks,
    (select count(*) from holdfast.questions q
        where q.venture_id = s.venture_id and q.supervisor_id = s.id and q.status = 'open') as open_questions
from holdfast.supervisor_states s
where s.venture_id = $1 and ($2::uuid is null or s.id < $2)
    and ($4::text is null or s.state::text = $4)
    and (coalesce($4 in ('completed', 'failed'), true) or s.ended_at is null)  -- what few are has an index
    and ($4 is distinct from 'failed' or s.state = 'failed')
    and ($5::uuid is null or s.directive_id = $5)
    and ($6::uuid is null or s.session_id = $6)
    and (not $7::boolean or s.ended_at is null)
order by s.id desc limit $3
