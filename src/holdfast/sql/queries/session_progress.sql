-- What sessions are at: the walk through an orchestrator's children, the execution of the todo list, and how long children
-- took before: venture, sessions.
select s.id, case
        when s.ended_at is not null then 'over'
        when s.state = 'lost' or s.lease_expires_at <= holdfast.now() then 'dead'
        when s.waiting_since is not null then 'waiting'
        else 'working' end as standing,
    s.end_reason, w.orchestrator_id,
    (select e.id from holdfast.agent_executions e
        where e.venture_id = $1 and e.session_id = s.id and e.ended_at is null order by e.created_at desc limit 1) as execution_id,
    greatest(extract(epoch from coalesce(s.ended_at, s.waiting_since,
        case when s.lease_expires_at <= holdfast.now() then s.heartbeat_at end, holdfast.now()) - s.created_at)::double precision, 0) as seconds,
    coalesce(k.titles, '{}') as titles, coalesce(k.statuses, '{}') as statuses, coalesce(k.seconds, '{}') as child_seconds,
    (select coalesce(array_agg(x.seconds), '{}') from (
        select extract(epoch from i.ended_at - i.started_at)::double precision as seconds
        from holdfast.auto_proceed_items i
        where w.id is not null and i.venture_id = $1 and i.outcome = 'completed' and i.walk_id <> w.id
        order by i.walk_id desc, i.number desc limit 30) x) as like_seconds
from holdfast.claude_sessions s
left join holdfast.auto_proceed_sessions a on a.venture_id = s.venture_id and a.session_id = s.session_id and a.is_active
left join holdfast.auto_proceed_walks w on w.venture_id = a.venture_id and w.id = a.id
left join lateral (
    select array_agg(d.title::text order by d.priority, d.created_at, d.id) as titles,
        array_agg(d.status::text order by d.priority, d.created_at, d.id) as statuses,
        array_agg(i.seconds order by d.priority, d.created_at, d.id) as seconds
    from (select * from holdfast.directives d where d.venture_id = $1 and d.parent_id = w.orchestrator_id
        order by d.priority, d.created_at, d.id limit 500) d
    left join lateral (
        select sum(extract(epoch from coalesce(i.ended_at, holdfast.now()) - i.started_at))::double precision as seconds
        from holdfast.auto_proceed_items i
        where i.venture_id = $1 and i.walk_id = w.id and i.directive_id = d.id) i on true) k on w.id is not null
where s.venture_id = $1 and s.id = any ($2)
