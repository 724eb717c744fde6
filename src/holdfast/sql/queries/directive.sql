-- One directive with who holds it, what it needs and what it is needed by: venture, key.
select d.sd_key, p.sd_key as parent_key, d.title, d.description, d.status::text, d.phase::text, d.priority, d.verification,
    d.blocked_reason, d.created_at, d.started_at, d.ended_at, d.total_children, d.completed_children,
    case when d.is_held then d.claimed_by end as held_by, d.claimed_at as held_since, d.lease_expires_at as held_until,
    array(select x.sd_key from holdfast.directive_needs n join holdfast.directives x on x.venture_id = n.venture_id and x.id = n.needs_id
        where n.venture_id = d.venture_id and n.directive_id = d.id order by x.sd_key) as needs,
    array(select x.sd_key from holdfast.directive_needs n join holdfast.directives x on x.venture_id = n.venture_id and x.id = n.needs_id
        where n.venture_id = d.venture_id and n.directive_id = d.id and x.status <> 'completed' order by x.sd_key) as waits_for
from holdfast.v_directives d
left join holdfast.directives p on p.venture_id = d.venture_id and p.id = d.parent_id
where d.venture_id = $1 and d.sd_key = $2
