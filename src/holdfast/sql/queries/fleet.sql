-- What needs a person, what is under way and what has just ended, the newest of each kind first: venture, how many of each kind, how many that are over.
with open_executions as (
    select e.* from holdfast.v_executions e
    where e.venture_id = $1 and e.ended_at is null and not (e.metadata ? 'plan_id') order by e.id desc limit $2
), late_executions as (
    select * from (select e.* from holdfast.v_executions e where e.venture_id = $1 order by e.id desc limit 4 * $3) e
    where e.ended_at is not null and not (e.metadata ? 'plan_id') limit $3
), supervisors as not materialized (
    select s.id, s.name, s.state, s.current_activity, s.progress, s.restoration_count, s.error_message, s.lease_epoch,
        s.lease_expires_at, s.paused_at, s.created_at, s.started_at, s.ended_at, s.handler
    from holdfast.supervisor_states s where s.venture_id = $1
), open_supervisors as (
    select s.* from supervisors s
    where s.ended_at is null and s.handler is distinct from 'plan' order by s.id desc limit $2
), late_supervisors as (
    select * from (select s.* from supervisors s order by s.id desc limit 4 * $3) s
    where s.ended_at is not null and s.handler is distinct from 'plan' limit $3
), all_sessions as not materialized (
    select s.id, s.session_id, s.state, s.agent, s.lease_expires_at, s.created_at, s.ended_at, s.end_reason
    from holdfast.claude_sessions s where s.venture_id = $1
), sessions as (
    (select s.* from all_sessions s where s.ended_at is null order by s.id desc limit $2)
    union all
    select * from (select s.* from all_sessions s order by s.id desc limit $3) s
    where s.ended_at is not null
), plans as (
    (select p.* from holdfast.v_plans p where p.venture_id = $1 and p.ended_at is null order by p.id desc limit $3)
    union all
    select * from (select p.* from holdfast.v_plans p where p.venture_id = $1 order by p.id desc limit $3) p
    where p.ended_at is not null
)
select 'question' as kind, q.id, q.message as name, 'open' as state, false as interrupted,
    concat_ws(' · ', coalesce(q.plan_name, q.asker), q.step_key) as activity, null::text as agent,
    null::float8 as progress, null::int as completed_steps, null::int as total_steps,
    0 as restorations, extract(epoch from holdfast.now() - q.created_at)::float8 as seconds, false as is_over,
    null::text as error_message, q.options, q.context, q.schema, q.action_digest
from (select q.* from holdfast.v_questions q where q.venture_id = $1 and q.status = 'open' order by q.created_at limit $2) q
union all
select 'plan', p.id, p.name, p.status::text, p.interrupted and p.status = 'running',
    (select string_agg(v.title, ', ' order by v.position) from holdfast.plan_steps v
        where v.venture_id = $1 and v.plan_id = p.id and v.status in ('running', 'waiting', 'verifying')),
    null, p.progress::float8, p.completed_steps::int, p.total_steps::int, p.restoration_count,
    extract(epoch from coalesce(p.ended_at, holdfast.now()) - coalesce(p.started_at, p.created_at))::float8,
    p.ended_at is not null, p.error_message, null, null, null, null
from plans p
union all
select 'supervisor', s.id, s.name, s.state::text,
    s.ended_at is null and s.lease_epoch > 0 and s.paused_at is null and coalesce(s.lease_expires_at <= holdfast.now(), true),
    s.current_activity, null, s.progress::float8, null, null, s.restoration_count,
    extract(epoch from coalesce(s.ended_at, holdfast.now()) - coalesce(s.started_at, s.created_at))::float8,
    s.ended_at is not null, s.error_message, null, null, null, null
from (select * from open_supervisors union all select * from late_supervisors) s
union all
select 'execution', e.id, e.name, e.status::text, e.interrupted, e.current_activity, e.agent, e.progress::float8,
    e.completed_steps, e.total_steps, greatest(e.attempt - 1, 0),
    extract(epoch from coalesce(e.ended_at, holdfast.now()) - coalesce(e.started_at, e.created_at))::float8,
    e.ended_at is not null, e.error_message, null, null, null, null
from (select * from open_executions union all select * from late_executions) e
union all
select 'session', s.id, s.session_id, s.state::text,
    s.ended_at is null and coalesce(s.lease_expires_at <= holdfast.now(), true), concat_ws(' ', d.sd_key, d.phase, d.title), s.agent,
    a.progress_percentage::float8, a.completed_children, a.total_children, 0,
    extract(epoch from coalesce(s.ended_at, holdfast.now()) - s.created_at)::float8, s.ended_at is not null, s.end_reason, null, null, null, null
from sessions s
left join holdfast.directive_claims c on c.venture_id = $1 and c.session_id = s.id
left join holdfast.directives d on d.venture_id = $1 and d.id = c.directive_id
left join holdfast.v_active_auto_proceed_sessions a on a.venture_id = $1 and a.session_id = s.session_id
