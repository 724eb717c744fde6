-- How streams stand, each with the seq of its newest event: venture, stream ids, how many at most.
select * from (
    select 'directive' as stream, d.id as stream_id, d.seq, to_jsonb(d) as state
    from holdfast.v_directives d where d.venture_id = $1 and d.id = any ($2)
    union all
    select 'session', s.id, s.seq, to_jsonb(s)
    from holdfast.v_sessions s where s.venture_id = $1 and s.id = any ($2)
    union all
    select 'supervisor', s.id, s.seq, to_jsonb(s) - array['input', 'result']
    from holdfast.v_supervisors s where s.venture_id = $1 and s.id = any ($2)
    union all
    select 'execution', e.id, e.seq, to_jsonb(e) - array['input', 'result']
    from holdfast.v_executions e where e.venture_id = $1 and e.id = any ($2)
    union all
    select 'plan', p.id, p.seq, to_jsonb(p) - 'spec'
    from holdfast.v_plans p where p.venture_id = $1 and p.id = any ($2)
) as s
order by stream, stream_id
limit $3
