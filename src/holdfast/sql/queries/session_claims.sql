-- What a session claimed, newest first, and how each claim ended: venture, the session's own name, the time before which, how many.
select c.data ->> 'sd_key' as sd_key, d.title, c.stream_id as directive_id, c.time as claimed_at, c.data ->> 'mechanism' as mechanism,
    c.data ->> 'from' as taken_from, c.data ->> 'reason' as reason, c.actor as claimed_by, n.time as ended_at,
    n.type as ended_by, n.data ->> 'session_id' as next_session, n.data ->> 'reason' as end_reason, c.seq
from holdfast.events c
left join holdfast.directives d on d.venture_id = c.venture_id and d.id = c.stream_id
left join lateral (
    select e.time, e.type, e.data from holdfast.events e
    where e.venture_id = c.venture_id and e.stream_id = c.stream_id and e.seq > c.seq
        and e.type in ('directive.claimed', 'directive.released', 'directive.completed', 'directive.blocked', 'directive.cancelled')
    order by e.seq limit 1) n on true
where c.venture_id = $1 and c.type = 'directive.claimed' and c.data ->> 'session_id' = $2
    and ($3::timestamptz is null or (c.time, c.stream_id) < ($3, $5::uuid))
order by c.time desc, c.stream_id desc limit $4
