-- Directives with what is below them, each before its children, these by priority, then age: venture, the root's key or null
-- for every tree, how many, whether only those that are not over.
with recursive tree as (
    select t.id, 0 as depth, array[(t.priority, t.created_at, t.id)] as place
    from holdfast.directives t
    where t.venture_id = $1 and (t.sd_key = $2 or $2::text is null and t.parent_id is null)
        and (not $4::boolean or t.ended_at is null)
    union all
    select k.id, tree.depth + 1, tree.place || (k.priority, k.created_at, k.id)
    from tree join holdfast.directives k on k.venture_id = $1 and k.parent_id = tree.id
    where not $4::boolean or k.ended_at is null
)
select d.id, d.sd_key, p.sd_key as parent_key, d.title, d.description, d.status, d.phase, d.priority, d.verification, d.blocked_reason,
    d.failures, d.metadata, d.created_at, d.started_at, d.ended_at, d.seq, d.total_children, d.completed_children, d.is_held,
    case when d.is_held then d.claimed_by end as held_by, case when d.is_held then d.claimed_at end as held_since,
    case when d.is_held then d.lease_expires_at end as held_until,
    array(select x.sd_key from holdfast.directive_needs n join holdfast.directives x on x.venture_id = n.venture_id and x.id = n.needs_id
        where n.venture_id = d.venture_id and n.directive_id = d.id order by x.sd_key) as needs,
    tree.depth
from tree
join holdfast.v_directives d on d.venture_id = $1 and d.id = tree.id
left join holdfast.directives p on p.venture_id = d.venture_id and p.id = d.parent_id
order by tree.place limit $3
