-- Where the orchestrator's children are directives here, progress and phase are derived from them; else an older
-- client's own numbers rule.
create view holdfast.v_active_auto_proceed_sessions with (security_invoker = true) as
select a.venture_id, a.id, a.session_id, a.is_active, a.active_sd_key, a.chain_orchestrators,
    coalesce(d.phase::text, a.current_phase) as current_phase, a.parent_orchestrator_key,
    coalesce(k.completed_children, a.completed_children) as completed_children,
    coalesce(k.total_children, a.total_children) as total_children,
    a.metadata, a.created_at, a.updated_at, a.deactivated_at,
    case when coalesce(k.total_children, a.total_children) > 0 then round(100.0 * coalesce(k.completed_children, a.completed_children)
        / coalesce(k.total_children, a.total_children), 1) else 0.0 end as progress_percentage,
    holdfast.now() - a.updated_at as time_since_update
from holdfast.auto_proceed_sessions a
left join holdfast.auto_proceed_walks w on w.venture_id = a.venture_id and w.id = a.id
left join holdfast.directives d on d.venture_id = w.venture_id and d.id = w.directive_id
left join lateral (
    select count(*)::integer as total_children, count(*) filter (where x.status = 'completed')::integer as completed_children
    from holdfast.directives x where x.venture_id = w.venture_id and x.parent_id = w.orchestrator_id) k on w.id is not null
where a.is_active;
comment on view holdfast.v_active_auto_proceed_sessions is 'The walks that are under way.';
