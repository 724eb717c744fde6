-- What happened to a plan, its runner, its session, its directive and its executions, newest first, without what is said
-- all the time: venture, plan, how many.
with streams as (
    select p.id as stream_id from holdfast.plans p where p.venture_id = $1 and p.id = $2
    union all select p.supervisor_id from holdfast.plans p where p.venture_id = $1 and p.id = $2
    union all select p.directive_id from holdfast.plans p where p.venture_id = $1 and p.id = $2
    union all select c.id from holdfast.claude_sessions c where c.venture_id = $1 and c.session_id = 'plan:' || $2::uuid
    union all select e.id from holdfast.plans p join holdfast.agent_executions e
        on e.venture_id = p.venture_id and e.supervisor_id = p.supervisor_id where p.venture_id = $1 and p.id = $2
)
select v.time, v.stream::text, v.stream_id, v.seq, v.type, v.actor, v.data,
    coalesce(x.key, v.data ->> 'step') as subject
from streams s
join holdfast.events v on v.venture_id = $1 and v.stream_id = s.stream_id
left join holdfast.agent_executions x on v.stream = 'execution' and x.venture_id = v.venture_id and x.id = v.stream_id
where v.type not in ('supervisor.saved', 'execution.logged', 'execution.progressed', 'execution.metered',
    'session.saved', 'supervisor.spawned')
order by v.time desc, v.xid desc, v.seq desc limit $3
