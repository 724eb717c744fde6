-- How far executions are and how long like work took before: venture, executions. Each reads at most 100 steps, 20 like
-- runs, the steps of the newest of them, and for each name 30 like steps.
with asked as materialized (
    select e.id, e.name, e.role, e.agent, e.metadata ->> 'what' as what, e.status::text, e.completed_steps::integer,
        e.total_steps::integer, e.progress, e.metadata -> 'todos' as todos, t.standing, t.until, e.error_message,
        greatest(extract(epoch from t.until - e.started_at)::double precision - e.waited_seconds, 0) as seconds
    from holdfast.agent_executions e
    join holdfast.v_execution_standing t on t.venture_id = e.venture_id and t.id = e.id
    where e.venture_id = $1 and e.id = any ($2)
), steps as materialized (
    select a.id, a.role, a.agent, s.*
    from asked a cross join lateral (
        select s.position, s.name, s.status::text,
            greatest(extract(epoch from coalesce(s.ended_at, a.until) - s.started_at)::double precision - s.waited_seconds, 0) as seconds,
            greatest(extract(epoch from a.until - coalesce(s.ended_at, s.started_at))::double precision, 0) as ago
        from holdfast.execution_steps s where s.venture_id = $1 and s.execution_id = a.id
        order by s.position desc limit 100) s
), like_runs as materialized (
    select k.name, k.role, k.agent, k.what, l.newest, l.seconds, l.steps
    from (select distinct a.name, a.role, a.agent, a.what from asked a) k
    cross join lateral (
        select (array_agg(p.id))[1] as newest, array_agg(p.seconds) as seconds, array_agg(p.completed_steps::integer) as steps from (
            select p.id, p.seconds, p.completed_steps, p.role, p.agent, p.what from holdfast.v_past_executions p
            where p.venture_id = $1 and p.name = k.name order by p.ended_at desc limit 60) p
        where p.role is not distinct from k.role and p.agent is not distinct from k.agent and p.what is not distinct from k.what) l
), followed as materialized (
    select a.id, a.role, a.agent, s.position, s.name
    from asked a
    join like_runs r on r.name = a.name and r.role is not distinct from a.role and r.agent is not distinct from a.agent
        and r.what is not distinct from a.what and r.newest <> a.id
    cross join lateral (
        select s.position, s.name from holdfast.execution_steps s
        where s.venture_id = $1 and s.execution_id = r.newest order by s.position limit 100) s
    where a.todos is null and a.status in ('pending', 'running')
), named as (
    select s.id, s.role, s.agent, s.name from steps s
    union
    select a.id, a.role, a.agent, t.content
    from asked a cross join lateral (
        select left(coalesce(t.value ->> 'content', t.value ->> 'key'), 500) as content
        from jsonb_array_elements(a.todos) as t where t.value ->> 'status' = 'pending' limit 100) t
    union
    select f.id, f.role, f.agent, f.name from followed f
), like_steps as (
    select n.name, n.role, n.agent, l.seconds
    from (select distinct n.name, n.role, n.agent from named n) n
    cross join lateral (
        select array_agg(x.seconds) as seconds from (
            select s.seconds from (
                select p.execution_id, p.seconds from holdfast.v_past_steps p
                where p.venture_id = $1 and p.name = n.name order by p.ended_at desc limit 60) s
            join holdfast.agent_executions e on e.venture_id = $1 and e.id = s.execution_id and e.status = 'completed'
                and e.role is not distinct from n.role and e.agent is not distinct from n.agent
            limit 30) x) l
    where l.seconds is not null
)
select a.id, a.name, a.status, a.standing, a.completed_steps, a.total_steps, a.progress, a.todos, a.seconds, a.error_message,
    coalesce(r.seconds[1:20], '{}') as like_seconds, coalesce(r.steps[1:20], '{}') as like_steps,
    s.positions, s.names, s.statuses, s.step_seconds, s.moved_ago,
    (select coalesce(jsonb_object_agg(l.name, to_jsonb(l.seconds)), '{}') from named n
        join like_steps l on l.name = n.name and l.role is not distinct from n.role and l.agent is not distinct from n.agent
        where n.id = a.id) as history,
    (select coalesce(array_agg(f.name::text order by f.position), '{}') from followed f where f.id = a.id) as followed
from asked a
left join like_runs r on r.name = a.name and r.role is not distinct from a.role and r.agent is not distinct from a.agent
    and r.what is not distinct from a.what
cross join lateral (
    select coalesce(array_agg(s.position::integer order by s.position), '{}') as positions,
        coalesce(array_agg(s.name::text order by s.position), '{}') as names,
        coalesce(array_agg(s.status order by s.position), '{}') as statuses,
        coalesce(array_agg(s.seconds order by s.position), '{}') as step_seconds, min(s.ago) as moved_ago
    from steps s where s.id = a.id) s
