-- Where a plan stands: its runner's lease, its session's, and who else holds its directive: venture, plan.
select p.id, p.name, p.status::text, p.supervisor_id, p.created_at, p.started_at, p.ended_at, p.error_message, d.sd_key,
    d.status::text as directive_status, holdfast.now() as now,
    s.state::text as runner_state, s.ended_at as runner_ended_at, s.error_message as runner_error, s.restoration_count,
    s.deaths_in_a_row, s.paused_at, s.paused_by, s.pause_reason, s.lease_expires_at is not null as is_held, s.lease_holder,
    s.lease_expires_at, s.heartbeat_at,
    c.state::text as session_state, c.lease_holder as session_holder, c.lease_expires_at as session_expires_at,
    o.session_id as claimed_by, o.lease_expires_at as claimed_until,
    p.paused_at as plan_paused_at, p.paused_by as plan_paused_by, p.pause_reason as plan_pause_reason, p.stop_reason,
    p.rolling_back_to, p.rollback_by, p.rollback_reason, p.rollback_after, p.rollback_question_id,
    array(select jsonb_build_object('id', n.condition_id, 'title', n.title, 'kind', n.kind, 'told', n.told, 'checked_at', n.checked_at)
        from holdfast.plan_conditions n where n.venture_id = p.venture_id and n.plan_id = p.id and not n.holds
            and p.started_at is null order by n.position) as missing
from holdfast.plans p
join holdfast.supervisor_states s on s.venture_id = p.venture_id and s.id = p.supervisor_id
join holdfast.directives d on d.venture_id = p.venture_id and d.id = p.directive_id
left join holdfast.claude_sessions c on c.venture_id = p.venture_id and c.session_id = 'plan:' || p.id
left join lateral (
    select n.session_id, k.lease_expires_at from holdfast.directive_claims k
    join holdfast.claude_sessions n on n.venture_id = k.venture_id and n.id = k.session_id
    where k.venture_id = p.venture_id and k.directive_id = p.directive_id and k.lease_expires_at > holdfast.now()
        and n.id is distinct from c.id) o on true
where p.venture_id = $1 and p.id = $2
