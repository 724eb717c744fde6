-- Directives with who holds them; an orchestrator's progress is derived from its children.
create view holdfast.v_directives with (security_invoker = true) as
select d.*, c.session_id as claimed_by_id, s.session_id as claimed_by, c.claimed_at, c.lease_epoch, c.lease_expires_at,
    coalesce(c.lease_expires_at > holdfast.now(), false) as is_held,
    k.total_children, k.completed_children
from holdfast.directives d
left join holdfast.directive_claims c on c.venture_id = d.venture_id and c.directive_id = d.id
left join holdfast.claude_sessions s on s.venture_id = c.venture_id and s.id = c.session_id
cross join lateral (
    select count(*) as total_children, count(*) filter (where x.status = 'completed') as completed_children
    from holdfast.directives x where x.venture_id = d.venture_id and x.parent_id = d.id) k;
comment on view holdfast.v_directives is 'What there is to do, and who holds it.';
