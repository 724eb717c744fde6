-- Who held a directive at a time, by the events: venture, directive's key, the time. No row: nobody had claimed it by then.
select d.sd_key, c.data ->> 'session_id' as session_id, c.time as since, c.data ->> 'mechanism' as mechanism, n.time as until,
    n.type as ended_by, l.time as lost_at
from holdfast.directives d
cross join lateral (
    select e.seq, e.type, e.time, e.data from holdfast.events e
    where e.venture_id = d.venture_id and e.stream_id = d.id and e.time <= $3
        and e.type in ('directive.claimed', 'directive.released', 'directive.completed', 'directive.blocked', 'directive.cancelled')
    order by e.seq desc limit 1) c
left join lateral (
    select e.time, e.type from holdfast.events e
    where e.venture_id = d.venture_id and e.stream_id = d.id and e.seq > c.seq
        and e.type in ('directive.claimed', 'directive.released', 'directive.completed', 'directive.blocked', 'directive.cancelled')
    order by e.seq limit 1) n on true
left join holdfast.claude_sessions s on s.venture_id = d.venture_id and s.session_id = c.data ->> 'session_id'
left join lateral (
    select e.time from holdfast.events e
    where e.venture_id = d.venture_id and e.stream_id = s.id and e.type = 'session.lost' and e.time > c.time and e.time <= $3
    order by e.seq desc limit 1) l on true
where d.venture_id = $1 and d.sd_key = $2 and c.type = 'directive.claimed'
