-- One directive: venture, its key or its id.
select d.id, d.sd_key, p.sd_key as parent_key, d.title, d.description, d.status, d.phase, d.priority, d.verification, d.blocked_reason,
    d.failures, d.metadata, d.created_at, d.started_at, d.ended_at, d.seq, d.total_children, d.completed_children, d.is_held,
    case when d.is_held then d.claimed_by end as held_by, case when d.is_held then d.claimed_at end as held_since,
    case when d.is_held then d.lease_expires_at end as held_until,
    array(select x.sd_key from holdfast.directive_needs n join holdfast.directives x on x.venture_id = n.venture_id and x.id = n.needs_id
        where n.venture_id = d.venture_id and n.directive_id = d.id order by x.sd_key) as needs
from holdfast.v_directives d
left join holdfast.directives p on p.venture_id = d.venture_id and p.id = d.parent_id
where d.venture_id = $1 and (d.sd_key = $2 or d.id::text = $2)
order by d.sd_key = $2 desc limit 1
