-- What is going on in ventures, as far as the caller sees them: what, venture, of which kind, how much; the first hundred
-- ventures by name. Only what is not over is counted, so it costs the same however much history there is.
with seen as materialized (
    select v.venture_id, v.slug from holdfast.ventures v order by v.slug limit 100
), executions as (
    select s.slug, e.kind, e.status::text, e.run_at, e.attempt, e.max_attempts, e.lease_expires_at is not null as is_held,
        e.lease_expires_at <= holdfast.now() as is_lapsed,
        e.kind is not null and e.lease_expires_at is null and e.attempt < e.max_attempts as is_queued
    from seen s join holdfast.agent_executions e on e.venture_id = s.venture_id and e.ended_at is null
), supervisors as (
    select s.slug, c.state::text, c.lease_expires_at is not null as is_held, c.lease_expires_at <= holdfast.now() as is_lapsed
    from seen s join holdfast.supervisor_states c on c.venture_id = s.venture_id and c.ended_at is null
), sessions as (
    select s.slug, c.state::text, c.lease_expires_at is not null as is_held,
        c.lease_expires_at <= holdfast.now() as is_lapsed
    from seen s join holdfast.claude_sessions c on c.venture_id = s.venture_id and c.ended_at is null
), questions as (
    select s.slug, q.created_at from seen s join holdfast.questions q on q.venture_id = s.venture_id and q.status = 'open'
), leases as (
    select slug, 'execution' as noun, is_lapsed from executions where is_held
    union all select slug, 'supervisor', is_lapsed from supervisors where is_held
    union all select slug, 'session', is_lapsed from sessions where is_held
    union all select s.slug, 'directive', c.lease_expires_at <= holdfast.now()
        from seen s join holdfast.directive_claims c on c.venture_id = s.venture_id and c.session_id is not null
)
select 'executions' as name, slug, status as label, count(*)::double precision as value from executions group by slug, status
union all select 'supervisors', slug, state, count(*) from supervisors group by slug, state
union all select 'sessions', slug, state, count(*) from sessions group by slug, state
union all select 'questions', slug, 'open', count(*) from questions group by slug
union all select 'question_age', slug, 'open', extract(epoch from holdfast.now() - min(created_at)) from questions group by slug
union all select 'queue', slug, coalesce(kind, ''), count(*) from executions where is_queued and run_at <= holdfast.now() group by slug, kind
union all select 'queue_age', slug, coalesce(kind, ''), extract(epoch from holdfast.now() - min(run_at)) from executions
    where is_queued and run_at <= holdfast.now() group by slug, kind
union all select 'leases', slug, noun, count(*) filter (where not is_lapsed) from leases group by slug, noun
union all select 'lapsed', slug, noun, count(*) filter (where is_lapsed) from leases group by slug, noun
