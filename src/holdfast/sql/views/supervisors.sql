-- How supervisors stand, with the names that users of the older system know.
create view holdfast.v_supervisors with (security_invoker = true) as
select s.venture_id, s.id, s.name, s.handler, s.key, s.state,
    s.ended_at is null and s.lease_epoch > 0 and s.paused_at is null and coalesce(s.lease_expires_at <= holdfast.now(), true) as interrupted,
    s.current_activity, s.phase, s.progress, s.error_message, s.input, s.result, s.metadata, s.directive_id, s.session_id,
    (select coalesce(array_agg(e.id order by e.created_at), '{}') from holdfast.agent_executions e
        where e.venture_id = s.venture_id and e.supervisor_id = s.id) as spawned_task_ids,
    (select coalesce(jsonb_agg(jsonb_build_object('id', q.id, 'message', q.message, 'status', q.status) order by q.created_at), '[]')
        from holdfast.questions q where q.venture_id = s.venture_id and q.supervisor_id = s.id
            and q.status in ('open', 'answered', 'delivered')) as pending_questions,
    s.restoration_count, s.last_restored_at, s.restoration_source, s.deaths_in_a_row, s.created_at, s.started_at, s.ended_at,
    s.lease_epoch, s.lease_holder, s.lease_expires_at, s.heartbeat_at, s.seq,
    s.paused_at, s.paused_by, s.pause_reason, s.checkpoint, s.forked_from
from holdfast.supervisor_states s;
comment on view holdfast.v_supervisors is 'How supervisors stand, what they spawned and what they ask.';
