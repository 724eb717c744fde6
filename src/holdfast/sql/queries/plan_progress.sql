-- What plans consist of: the newest round of each step with the executions of its work and its verification, and how long
-- such work, such verifications and such plans took before, without the time at gates: venture, plans.
select s.plan_id, p.status::text as plan_status, s.step_key, s.title,
    case when s.items_left is not null then s.needs || array(select i.step_key from holdfast.plan_steps i
            where i.venture_id = $1 and i.plan_id = s.plan_id and i.of_step = s.step_key and i.is_current)
        when s.of_step is not null then (select f.needs from holdfast.plan_steps f
            where f.venture_id = $1 and f.plan_id = s.plan_id and f.step_key = s.of_step and f.is_current)
        else s.needs end as needs,
    case when s.status = 'failed' and s.released_at is not null then 'skipped' else s.status::text end as status, s.execution_id, s.verification_id,
    s.items_left is null and (s.spec ->> 'agent' is distinct from 'command' or s.spec ? 'command') as has_work,
    case
        when p.ended_at is not null then 'over'
        when p.status = 'pending' then 'pending'
        when coalesce(c.lease_expires_at <= holdfast.now(), true) then 'dead'
        when bool_and(s.status not in ('running', 'verifying', 'ready')) over (partition by s.plan_id)
            and bool_or(s.status = 'waiting') over (partition by s.plan_id) then 'waiting'
        else 'working' end as standing,
    coalesce(w.seconds[1:20], '{}') as work_seconds, coalesce(v.seconds[1:20], '{}') as verification_seconds,
    l.seconds as like_seconds
from holdfast.plan_steps s
join holdfast.plans p on p.venture_id = $1 and p.id = s.plan_id
join holdfast.supervisor_states c on c.venture_id = $1 and c.id = p.supervisor_id
cross join lateral (
    select array_agg(x.seconds) as seconds from (
        select x.* from holdfast.v_past_executions x
        where x.venture_id = $1 and x.name = s.title order by x.ended_at desc limit 60) x
    where x.what = 'work' and x.role is not distinct from s.role and x.agent is not distinct from s.spec ->> 'agent') w
cross join lateral (
    select array_agg(x.seconds) as seconds from (
        select x.* from holdfast.v_past_executions x
        where s.has_verification and x.venture_id = $1 and x.name = s.title order by x.ended_at desc limit 60) x
    where x.what = 'verify' and x.role is not distinct from s.role and x.agent is not distinct from s.spec ->> 'agent') v
cross join lateral (
    select coalesce(array_agg(greatest(x.seconds, 0)), '{}') as seconds from (
        select extract(epoch from o.ended_at - o.started_at)::double precision - coalesce((
            select sum(extract(epoch from q.answered_at - q.created_at)::double precision)
            from holdfast.questions q where q.venture_id = $1 and q.plan_id = o.id), 0) as seconds
        from holdfast.plans o
        where o.venture_id = $1 and o.name = p.name and o.status = 'completed' order by o.created_at desc limit 20) x) l
where s.venture_id = $1 and s.plan_id = any ($2) and s.is_current
order by s.plan_id, s.position, s.item_index nulls first
