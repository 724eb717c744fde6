create view holdfast.v_active_auto_proceed_sessions with (security_invoker = true) as
select a.*,
    case when a.total_children > 0 then round(100.0 * a.completed_children / a.total_children, 1) else 0.0 end as progress_percentage,
    holdfast.now() - a.updated_at as time_since_update
from holdfast.auto_proceed_sessions a
where a.is_active;
comment on view holdfast.v_active_auto_proceed_sessions is 'The walks that are under way.';
