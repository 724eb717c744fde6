-- Where a session is: what its agent must know to go on.

create function holdfast.get_session_context(
    p_session_id text, p_epoch bigint, p_token uuid, p_since timestamptz default null, p_venture_id uuid default null)
returns jsonb
language plpgsql stable security definer set search_path = holdfast, pg_temp as $$
declare
    v_venture uuid := enter(p_venture_id, 'agent');
    v_session claude_sessions := require_session(v_venture, p_session_id, p_epoch, p_token);
    v_since   timestamptz := coalesce(p_since, v_session.created_at);
    v_work    uuid := (select w.id from held_work(v_venture, v_session.id) w where w.is_held);
begin
    return jsonb_strip_nulls(jsonb_build_object(
        'session', jsonb_build_object('id', v_session.session_id, 'state', v_session.state, 'lease_until', v_session.lease_expires_at),
        'directive', directive_context(v_venture, v_work),
        'children', children_context(v_venture, v_work),
        'tree', tree_progress(v_venture, v_work),
        'progress', progress_context(v_venture, v_session.id, v_work),
        'spawned', spawned_context(v_venture, v_session.id),
        'questions', jsonb_build_object('open', answers_of(v_venture, v_session.id, 'open', '{}'),
            'answered', (select count(*) from questions q where q.venture_id = v_venture and q.session_id = v_session.id
                and q.status in ('answered', 'delivered'))),
        'changed', changes_since(v_venture, v_session.id, v_work, v_since),
        'as_of', holdfast.now()));
end
$$;

create function holdfast.directive_context(p_venture_id uuid, p_directive_id uuid) returns jsonb
language sql stable as $$
    select jsonb_build_object('key', d.sd_key, 'title', d.title, 'description', left(d.description, 8000),
        'status', d.status, 'phase', d.phase, 'verification', d.verification, 'held_until', d.lease_expires_at,
        'parent', case when p.id is not null then jsonb_build_object('key', p.sd_key, 'title', p.title,
            'completed_children', p.completed_children, 'total_children', p.total_children) end)
    from holdfast.v_directives d
    left join holdfast.v_directives p on p.venture_id = d.venture_id and p.id = d.parent_id
    where d.venture_id = p_venture_id and d.id = p_directive_id
$$;

create function holdfast.children_context(p_venture_id uuid, p_directive_id uuid) returns jsonb
language sql stable as $$
    select jsonb_agg(jsonb_build_object('key', c.sd_key, 'title', c.title, 'status', c.status, 'phase', c.phase,
        'blocked_reason', c.blocked_reason, 'held_by', case when c.is_held then c.claimed_by end)
        order by c.priority, c.created_at, c.id)
    from (select * from holdfast.v_directives d where d.venture_id = p_venture_id and d.parent_id = p_directive_id
        order by d.priority, d.created_at, d.id limit 50) c
$$;

-- How much of the whole tree is done to which a directive belongs, counted in what has no children of its own.
create function holdfast.tree_progress(p_venture_id uuid, p_directive_id uuid) returns jsonb
language sql stable as $$
    with recursive up as (
        select d.id, d.parent_id, d.sd_key, 1 as depth from holdfast.directives d
        where d.venture_id = p_venture_id and d.id = p_directive_id
        union all
        select d.id, d.parent_id, d.sd_key, up.depth + 1 from up
        join holdfast.directives d on d.venture_id = p_venture_id and d.id = up.parent_id where up.depth < 50
    ), root as (
        select up.id, up.sd_key from up where up.parent_id is null
    ), down as (
        select d.id, d.status, 1 as depth from root join holdfast.directives d on d.venture_id = p_venture_id and d.id = root.id
        union all
        select d.id, d.status, down.depth + 1 from down
        join holdfast.directives d on d.venture_id = p_venture_id and d.parent_id = down.id where down.depth < 50
    )
    select jsonb_build_object('root', (select root.sd_key from root),
        'completed', count(*) filter (where l.status = 'completed'), 'total', count(*))
    from down l
    where not exists (select from holdfast.directives k where k.venture_id = p_venture_id and k.parent_id = l.id)
    having count(*) > 0
$$;

create function holdfast.progress_context(p_venture_id uuid, p_session_id uuid, p_directive_id uuid) returns jsonb
language sql stable as $$
    select jsonb_build_object('percent', e.progress, 'activity', e.current_activity, 'completed_steps', e.completed_steps,
        'total_steps', e.total_steps, 'steps', (
            select jsonb_agg(jsonb_build_object('name', t.value ->> 'content', 'status', t.value ->> 'status') order by t.place)
            from jsonb_array_elements(e.metadata -> 'todos') with ordinality as t (value, place) where t.place <= 100))
    from holdfast.agent_executions e
    where e.venture_id = p_venture_id and e.session_id = p_session_id and e.ended_at is null and e.metadata ? 'todos'
        and e.directive_id is not distinct from p_directive_id
$$;

-- What a session has queued for workers, the newest first.
create function holdfast.spawned_context(p_venture_id uuid, p_session_id uuid) returns jsonb
language sql stable as $$
    select jsonb_agg(jsonb_build_object('execution', e.id, 'name', e.name, 'status', e.status, 'percent', e.progress,
        'error', left(e.error_message, 500), 'result', case when pg_column_size(e.result) <= 4000 then e.result end) order by e.id desc)
    from (select * from holdfast.agent_executions e
        where e.venture_id = p_venture_id and e.session_id = p_session_id and e.kind is not null
        order by e.id desc limit 20) e
$$;

-- The newest changes, in order: of the session, of what it works on, of the children and of the parent of that.
create function holdfast.changes_since(
    p_venture_id uuid, p_session_id uuid, p_directive_id uuid, p_since timestamptz)
returns jsonb
language sql stable as $$
    with streams as (
        select p_session_id as id
        union select d.id from holdfast.directives d where d.venture_id = p_venture_id
            and (d.id = p_directive_id or d.parent_id = p_directive_id or d.id = (
                select o.parent_id from holdfast.directives o where o.venture_id = p_venture_id and o.id = p_directive_id))
    ), newest as (
        select e.* from streams s cross join lateral (
            select e.time, e.seq, e.type, e.data from holdfast.events e
            where e.venture_id = p_venture_id and e.stream_id = s.id and e.time > p_since
            order by e.seq desc limit 20) e
        order by e.time desc, e.seq desc limit 20
    )
    select jsonb_agg(jsonb_build_object('at', n.time, 'what', n.type, 'data', n.data) order by n.time, n.seq) from newest n
$$;
