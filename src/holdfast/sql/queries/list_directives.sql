-- A page of directives, newest first, with who holds them: venture, the id before which it begins, how many, status, the
-- parent's key, a part of key or title, whether only those that are not over.
with page as materialized (  -- first: joined before, every row would be looked up
    select d.id from holdfast.directives d
    where d.venture_id = $1 and ($2::uuid is null or d.id < $2)
        and ($4::text is null or d.status::text = $4)
        and (coalesce($4 in ('completed', 'cancelled'), true) or d.ended_at is null)  -- which has an index
        and ($5::text is null or d.parent_id = (select k.id from holdfast.directives k where k.venture_id = $1 and k.sd_key = $5))
        and ($6::text is null or position(lower($6) in lower(d.sd_key || ' ' || d.title)) > 0)
        and (not $7::boolean or d.ended_at is null)
    order by d.id desc limit $3
)
select d.id, d.sd_key, p.sd_key as parent_key, d.title, d.description, d.status, d.phase, d.priority, d.verification, d.blocked_reason,
    d.failures, d.metadata, d.created_at, d.started_at, d.ended_at, d.seq, d.total_children, d.completed_children, d.is_held,
    case when d.is_held then d.claimed_by end as held_by, case when d.is_held then d.claimed_at end as held_since,
    case when d.is_held then d.lease_expires_at end as held_until,
    array(select x.sd_key from holdfast.directive_needs n join holdfast.directives x on x.venture_id = n.venture_id and x.id = n.needs_id
        where n.venture_id = d.venture_id and n.directive_id = d.id order by x.sd_key) as needs
from page g
cross join lateral (select * from holdfast.v_directives v where v.venture_id = $1 and v.id = g.id offset 0) d
left join holdfast.directives p on p.venture_id = d.venture_id and p.id = d.parent_id
order by d.id desc
