-- What a venture is doing, counted; done is what ended in the last 24 hours: venture.
select
    (select count(*) from holdfast.questions q where q.venture_id = $1 and q.status = 'open') as needs_you,
    e.working + s.working as working, e.idle + s.idle as idle, e.lost + s.lost as lost,
    (select count(*) from holdfast.agent_executions x where x.venture_id = $1 and x.ended_at > holdfast.now() - interval '24 hours')
    + (select count(*) from holdfast.claude_sessions x where x.venture_id = $1 and x.ended_at > holdfast.now() - interval '24 hours') as done
from (
    select count(*) filter (where x.status = 'running' and not x.interrupted) as working,
        count(*) filter (where x.status = 'pending') as idle, count(*) filter (where x.interrupted) as lost
    from holdfast.v_executions x where x.venture_id = $1 and x.ended_at is null) e
cross join (
    select count(*) filter (where x.lease_expires_at > holdfast.now() and x.state in ('starting', 'running')) as working,
        count(*) filter (where x.lease_expires_at > holdfast.now() and x.state in ('idle', 'requires_action')) as idle,
        count(*) filter (where coalesce(x.lease_expires_at <= holdfast.now(), true)) as lost
    from holdfast.claude_sessions x where x.venture_id = $1 and x.ended_at is null) s
