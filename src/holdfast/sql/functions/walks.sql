-- A session's walk through an orchestrator's children: its limits, its items, its summary. The rows of the walk are
-- written under the lock of their session.

-- The active walk of a session whose row the caller has locked; all null where it has none.
create function holdfast.active_walk(p_venture_id uuid, p_session_id text) returns holdfast.auto_proceed_walks
language plpgsql as $$
declare
    v_walk auto_proceed_walks;
begin
    select w.* into v_walk from auto_proceed_sessions a
    join auto_proceed_walks w on w.venture_id = a.venture_id and w.id = a.id
    where a.venture_id = p_venture_id and a.session_id = p_session_id and a.is_active;
    return v_walk;
end
$$;

create function holdfast.require_walk_settings(p_settings jsonb) returns void
language plpgsql immutable as $$
declare
    v_wrong record;
begin
    select g.key, g.value, k.expected into v_wrong
    from jsonb_each(p_settings) as g
    left join (values ('auto_proceed', 'true or false'), ('chain_orchestrators', 'true or false'),
        ('max_chain_depth', 'a whole number from 0 to 100'), ('max_iterations', 'a whole number from 1 to 1000'),
        ('max_unfinished', 'a whole number from 0 to 100')) as k (key, expected) using (key)
    where case
        when k.key is null then true
        when k.expected = 'true or false' then jsonb_typeof(g.value) <> 'boolean'
        else jsonb_typeof(g.value) <> 'number' or g.value::text !~ '^\d{1,4}$'
            or not (g.value::text)::integer between (k.key = 'max_iterations')::integer
                and case k.key when 'max_iterations' then 1000 else 100 end end
    limit 1;
    if found then
        perform refuse('HF005', format('%s = %s is not %s.', v_wrong.key, v_wrong.value,
            coalesce(v_wrong.expected, 'a setting of auto-proceed')),
            'Known: auto_proceed, chain_orchestrators, max_chain_depth, max_iterations, max_unfinished.');
    end if;
end
$$;

-- Begins a walk of a session whose row the caller has locked, or begins the one of this orchestrator anew: its
-- counters start from nothing, what it has handed out is kept.
create function holdfast.open_walk(
    p_venture_id uuid, p_session holdfast.claude_sessions, p_orchestrator_id uuid, p_settings jsonb)
returns holdfast.auto_proceed_walks
language plpgsql as $$
declare
    v_walk auto_proceed_walks := active_walk(p_venture_id, p_session.session_id);
    v_key  text;
    v_id   uuid;
begin
    if v_walk.orchestrator_id <> p_orchestrator_id then
        perform deactivate_auto_proceed_session(p_session.session_id, p_venture_id);
    end if;
    select d.sd_key into strict v_key from directives d where d.venture_id = p_venture_id and d.id = p_orchestrator_id;
    v_id := upsert_auto_proceed_session(p_session.session_id, null, (p_settings ->> 'chain_orchestrators')::boolean, null, v_key,
        p_venture_id => p_venture_id);
    insert into auto_proceed_walks (venture_id, id, orchestrator_id) values (p_venture_id, v_id, p_orchestrator_id)
    on conflict (venture_id, id) do update set chain_depth = 0, iterations = 0, unfinished = 0, decision = null, why = null,
        pause_reason = null;
    perform set_walk_limits(p_venture_id, v_id, p_settings);
    perform show_walk(p_venture_id, v_id, null);
    return active_walk(p_venture_id, p_session.session_id);
end
$$;

-- What is not given stays as it is.
create function holdfast.set_walk_limits(p_venture_id uuid, p_id uuid, p_settings jsonb) returns void
language sql as $$
    update holdfast.auto_proceed_walks w set
        max_chain_depth = coalesce((p_settings ->> 'max_chain_depth')::integer, w.max_chain_depth),
        max_iterations = coalesce((p_settings ->> 'max_iterations')::integer, w.max_iterations),
        max_unfinished = coalesce((p_settings ->> 'max_unfinished')::integer, w.max_unfinished)
    where w.venture_id = p_venture_id and w.id = p_id;
    update holdfast.auto_proceed_sessions a set
        chain_orchestrators = coalesce((p_settings ->> 'chain_orchestrators')::boolean, a.chain_orchestrators)
    where a.venture_id = p_venture_id and a.id = p_id;
$$;

-- The older interface's row says where the walk is; its progress is derived from the orchestrator's children.
create function holdfast.show_walk(p_venture_id uuid, p_id uuid, p_directive_id uuid) returns void
language sql as $$
    update holdfast.auto_proceed_sessions a set
        active_sd_key = (select d.sd_key from holdfast.directives d where d.venture_id = p_venture_id and d.id = p_directive_id),
        current_phase = coalesce((select d.phase::text from holdfast.directives d
            where d.venture_id = p_venture_id and d.id = p_directive_id), a.current_phase),
        parent_orchestrator_key = o.sd_key, completed_children = k.completed, total_children = k.total
    from holdfast.auto_proceed_walks w
    join holdfast.directives o on o.venture_id = w.venture_id and o.id = w.orchestrator_id
    cross join lateral (
        select count(*) filter (where x.status = 'completed') as completed, count(*) as total
        from holdfast.directives x where x.venture_id = o.venture_id and x.parent_id = o.id) k
    where a.venture_id = p_venture_id and a.id = p_id and w.venture_id = a.venture_id and w.id = a.id
$$;

-- Turns auto-proceed on: the session will walk the children of that orchestrator; of the one that it has a part of,
-- else of the next one, where none is named. What it was told for good stands in its metadata from then on.
create function holdfast.start_auto_proceed(
    p_session_id text, p_epoch bigint, p_token uuid, p_orchestrator_key text default null,
    p_settings jsonb default '{}', p_keep jsonb default '{}', p_venture_id uuid default null)
returns table (id uuid, orchestrator_key text)
language plpgsql security definer set search_path = holdfast, pg_temp as $$
#variable_conflict use_column
declare
    v_venture uuid := enter(p_venture_id, 'agent');
    v_session claude_sessions := fence_session(v_venture, p_session_id, p_epoch, p_token);
    v_root    uuid;
begin
    perform require_walk_settings(p_settings || p_keep);
    if p_orchestrator_key is not null then
        v_root := (require_directive(v_venture, p_orchestrator_key)).id;
    else
        select coalesce(d.parent_id, d.id) into v_root from directive_claims c
        join directives d on d.venture_id = c.venture_id and d.id = c.directive_id
        where c.venture_id = v_venture and c.session_id = v_session.id;
        v_root := coalesce(v_root, (select n.root_id from next_orchestrator(v_venture, v_session.id, null, null, null) n));
    end if;
    if v_root is null then
        perform refuse('HF003', 'There is no orchestrator with work that can be begun.', 'Name one, or add directives.');
    end if;
    id := (open_walk(v_venture, v_session, v_root, p_settings || p_keep)).id;
    update claude_sessions s set metadata = merge_metadata(s.metadata, p_keep || '{"auto_proceed": true}')
    where s.venture_id = v_venture and s.id = v_session.id;
    perform emit_auto_proceed(v_venture, v_session.id, p_session_id, 'auto_proceed.started', id);
    select d.sd_key into orchestrator_key from directives d where d.venture_id = v_venture and d.id = v_root;
    return next;
end
$$;

-- Turns auto-proceed off; what the session holds it keeps. Turning it off twice is safe.
create function holdfast.stop_auto_proceed(
    p_session_id text, p_epoch bigint, p_token uuid, p_venture_id uuid default null)
returns boolean
language plpgsql security definer set search_path = holdfast, pg_temp as $$
declare
    v_venture uuid := enter(p_venture_id, 'agent');
    v_session claude_sessions := fence_session(v_venture, p_session_id, p_epoch, p_token);
    v_seq     bigint;
begin
    update claude_sessions set metadata = merge_metadata(metadata, '{"auto_proceed": false}'), seq = seq + 1
    where venture_id = v_venture and id = v_session.id returning seq into v_seq;
    perform emit(v_venture, 'session', v_session.id, v_seq, 'auto_proceed.stopped',
        jsonb_build_object('session_id', p_session_id), p_session_id);
    if exists (select from auto_proceed_sessions
        where venture_id = v_venture and session_id = p_session_id and is_active) then
        return deactivate_auto_proceed_session(p_session_id, v_venture);
    end if;
    return false;
end
$$;

-- Notes what a walk hands out. The same directive again is the same item.
create function holdfast.begin_item(p_walk holdfast.auto_proceed_walks, p_directive_id uuid, p_failures integer) returns void
language plpgsql as $$
begin
    perform end_items(p_walk, p_directive_id);
    update auto_proceed_items set failures = greatest(failures, p_failures)
    where venture_id = p_walk.venture_id and walk_id = p_walk.id and outcome is null;
    if not found then
        insert into auto_proceed_items (venture_id, walk_id, number, directive_id, failures, started_at)
        select p_walk.venture_id, p_walk.id, coalesce(max(i.number), 0) + 1, p_directive_id, p_failures, holdfast.now()
        from auto_proceed_items i where i.venture_id = p_walk.venture_id and i.walk_id = p_walk.id;
    end if;
end
$$;

-- Closes what is under way, unless it is that directive: as the directive's own row says, whoever ended it.
create function holdfast.end_items(p_walk holdfast.auto_proceed_walks, p_but_id uuid) returns void
language sql as $$
    update holdfast.auto_proceed_items i set
        outcome = case when d.status in ('completed', 'blocked', 'cancelled') then d.status::text else 'left' end::holdfast.walk_outcome,
        reason = d.blocked_reason, failures = greatest(i.failures, d.failures), ended_at = greatest(holdfast.now(), i.started_at)
    from holdfast.directives d
    where i.venture_id = p_walk.venture_id and i.walk_id = p_walk.id and i.outcome is null
        and d.venture_id = i.venture_id and d.id = i.directive_id and d.id is distinct from p_but_id
$$;

-- What a walk did: its items, how each ended, how long each took, what went wrong. It tells the newest 200.
create function holdfast.walk_summary(p_venture_id uuid, p_walk_id uuid) returns jsonb
language sql stable as $$
    with items as (
        select i.*, d.sd_key, d.title, row_number() over (order by i.number desc) <= 200 as is_told
        from holdfast.auto_proceed_items i
        join holdfast.directives d on d.venture_id = i.venture_id and d.id = i.directive_id
        where i.venture_id = p_venture_id and i.walk_id = p_walk_id
    )
    select jsonb_build_object(
        'orchestrator', o.sd_key, 'started_at', a.created_at, 'ended_at', a.deactivated_at,
        'seconds', extract(epoch from coalesce(a.deactivated_at, holdfast.now()) - a.created_at),
        'iterations', w.iterations, 'chain_depth', w.chain_depth,
        'decision', w.decision, 'pause_reason', w.pause_reason, 'why', w.why,
        'handed_out', (select count(*) from items),
        'completed', (select count(*) from items i where i.outcome = 'completed'),
        'items', coalesce((select jsonb_agg(jsonb_build_object('sd_key', i.sd_key, 'title', i.title,
                'outcome', coalesce(i.outcome::text, 'under_way'), 'reason', left(i.reason, 500), 'failures', i.failures,
                'seconds', extract(epoch from coalesce(i.ended_at, holdfast.now()) - i.started_at)) order by i.number)
            from items i where i.is_told), '[]'),
        'problems', coalesce((select jsonb_agg(format('%s: %s', i.sd_key, case
                when i.outcome = 'blocked' then 'blocked: ' || left(i.reason, 500)
                when i.outcome = 'left' then 'left before it was finished'
                when i.failures = 1 then 'failed once'
                else format('failed %s times', i.failures) end) order by i.number)
            from items i where i.is_told and (i.outcome in ('blocked', 'left') or i.failures > 0)), '[]'))
    from holdfast.auto_proceed_walks w
    join holdfast.auto_proceed_sessions a on a.venture_id = w.venture_id and a.id = w.id
    join holdfast.directives o on o.venture_id = w.venture_id and o.id = w.orchestrator_id
    where w.venture_id = p_venture_id and w.id = p_walk_id
$$;

-- Tells what a walk did as an event of its session.
create function holdfast.emit_summary(p_venture_id uuid, p_session uuid, p_session_id text, p_walk_id uuid) returns void
language plpgsql as $$
declare
    v_seq bigint;
begin
    update claude_sessions set seq = seq + 1 where venture_id = p_venture_id and id = p_session returning seq into v_seq;
    perform emit(p_venture_id, 'session', p_session, v_seq, 'auto_proceed.summary',
        walk_summary(p_venture_id, p_walk_id) || jsonb_build_object('session_id', p_session_id), p_session_id);
end
$$;

-- The summary of a session's newest walk, whether it is under way or over.
create function holdfast.get_auto_proceed_summary(p_session_id text, p_venture_id uuid default null) returns jsonb
language plpgsql stable security definer set search_path = holdfast, pg_temp as $$
declare
    v_venture uuid := enter(p_venture_id, 'viewer');
    v_id      uuid;
begin
    select w.id into v_id from auto_proceed_sessions a
    join auto_proceed_walks w on w.venture_id = a.venture_id and w.id = a.id
    where a.venture_id = v_venture and a.session_id = p_session_id order by a.created_at desc, a.id desc limit 1;
    if v_id is null then
        perform refuse('HF003', format('The session %s has walked no orchestrator.', p_session_id),
            'Begin with: holdfast session auto-proceed on', jsonb_build_object('session_id', p_session_id));
    end if;
    return walk_summary(v_venture, v_id) || jsonb_build_object('session_id', p_session_id);
end
$$;
