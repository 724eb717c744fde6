-- Sessions with what they hold and how far their walk has come; `interrupted` is derived: a live state whose lease ran out.
create view holdfast.v_sessions with (security_invoker = true) as
select s.venture_id, s.id, s.session_id, s.state, s.agent, s.metadata, s.created_at, s.ended_at, s.end_reason,
    s.expected_silence_until, s.lease_epoch, s.lease_holder, s.lease_expires_at, s.heartbeat_at, s.seq,
    coalesce(s.ended_at is null and s.lease_expires_at > holdfast.now(), false) as is_live,
    s.ended_at is null and s.state <> 'lost' and coalesce(s.lease_expires_at <= holdfast.now(), true) as interrupted,
    d.id as directive_id, d.sd_key, d.title as directive_title, d.phase, d.seq as directive_seq, c.claimed_at,
    c.lease_expires_at as claim_expires_at, coalesce(c.lease_expires_at > holdfast.now(), false) as is_holding,
    a.parent_orchestrator_key as orchestrator_key, a.active_sd_key, a.completed_children, a.total_children,
    a.progress_percentage as walk_progress, w.decision, w.pause_reason, w.why,
    (select count(*) from holdfast.questions q
        where q.venture_id = s.venture_id and q.session_id = s.id and q.status = 'open') as open_questions
from holdfast.claude_sessions s
left join holdfast.directive_claims c on c.venture_id = s.venture_id and c.session_id = s.id
left join holdfast.directives d on d.venture_id = c.venture_id and d.id = c.directive_id
left join holdfast.v_active_auto_proceed_sessions a on a.venture_id = s.venture_id and a.session_id = s.session_id
left join holdfast.auto_proceed_walks w on w.venture_id = a.venture_id and w.id = a.id;
comment on view holdfast.v_sessions is 'How sessions stand, and what they hold.';
