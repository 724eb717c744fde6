-- The streams of the venture $1 whose events do not count 1, 2, 3 … up to the counter on their row.
with counters (stream_id, seq) as (
    select venture_id, seq from holdfast.ventures where venture_id = $1
    union all select id, seq from holdfast.directives where venture_id = $1
    union all select id, seq from holdfast.claude_sessions where venture_id = $1
    union all select id, seq from holdfast.supervisor_states where venture_id = $1
    union all select id, seq from holdfast.agent_executions where venture_id = $1
    union all select id, seq from holdfast.plans where venture_id = $1
), streams as (
    select stream_id, min(stream)::text as stream, min(seq) as lowest, max(seq) as highest, count(*) as events
    from holdfast.events where venture_id = $1 group by stream_id
)
select coalesce(s.stream, 'unknown') as stream, coalesce(s.events, 0) as events, s.lowest, s.highest, c.seq as counter,
    s.lowest = 1 and s.highest = s.events and s.highest = c.seq as is_whole
from counters c full join streams s using (stream_id)
order by 1, 2
