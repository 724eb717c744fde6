-- The newest event of each directive around one, its parent, siblings and children, since a moment and by others than a session: venture, key, moment, session.
with around as (
    select k.id, k.sd_key, k.title from holdfast.directives d
    join holdfast.directives k on k.venture_id = d.venture_id
        and (k.parent_id in (d.id, d.parent_id) or k.id in (d.id, d.parent_id))
    where d.venture_id = $1 and d.sd_key = $2
    order by k.priority, k.created_at limit 100
)
select a.sd_key, a.title, e.type, e.time, e.actor, e.data
from around a
cross join lateral (
    select e.type, e.time, e.actor, e.data from holdfast.events e
    where e.venture_id = $1 and e.stream = 'directive' and e.stream_id = a.id order by e.seq desc limit 1) e
where e.time > $3 and e.actor is distinct from $4
order by e.time limit 20
