-- A session walking an orchestrator's children. The names and parameters are an older interface's. Two of its
-- faults are gone from each function: nothing is guessed when no session is named, and zero rows is a refusal.

-- Starts the walk, or changes only what is given; progress is never erased.
create function holdfast.upsert_auto_proceed_session(
    p_session_id text, p_active_sd_key text default null, p_chain_orchestrators boolean default null,
    p_current_phase text default null, p_parent_orchestrator_key text default null,
    p_total_children integer default null, p_metadata jsonb default null, p_venture_id uuid default null)
returns uuid
language plpgsql security definer set search_path = holdfast, pg_temp as $$
declare
    v_venture uuid := enter(p_venture_id, 'agent');
    v_session uuid;
    v_id      uuid;
begin
    if p_session_id is null then
        perform refuse('HF005', 'session_id is null.', 'Name the session.');
    end if;
    -- Its users call this first of all, so a session that nobody registered is registered. The row's lock makes
    -- racing upserts wait for each other.
    insert into claude_sessions (venture_id, id, session_id, state, created_at)
    values (v_venture, uuid7(), p_session_id, 'starting', holdfast.now())
    on conflict (venture_id, session_id) do nothing;
    select id into strict v_session from claude_sessions
    where venture_id = v_venture and session_id = p_session_id for no key update;
    insert into auto_proceed_sessions as a (venture_id, id, session_id, active_sd_key, chain_orchestrators, current_phase,
        parent_orchestrator_key, total_children, metadata, created_at, updated_at)
    values (v_venture, uuid7(), p_session_id, p_active_sd_key, coalesce(p_chain_orchestrators, false), p_current_phase,
        p_parent_orchestrator_key, coalesce(p_total_children, 0), coalesce(p_metadata, '{}'), holdfast.now(), holdfast.now())
    on conflict (venture_id, session_id) where is_active do update set
        active_sd_key = coalesce(p_active_sd_key, a.active_sd_key),
        chain_orchestrators = coalesce(p_chain_orchestrators, a.chain_orchestrators),
        current_phase = coalesce(p_current_phase, a.current_phase),
        parent_orchestrator_key = coalesce(p_parent_orchestrator_key, a.parent_orchestrator_key),
        total_children = coalesce(p_total_children, a.total_children),
        metadata = merge_metadata(a.metadata, coalesce(p_metadata, '{}'))
    returning id into v_id;
    perform emit_auto_proceed(v_venture, v_session, p_session_id, 'auto_proceed.saved', v_id);
    return v_id;
end
$$;

create function holdfast.emit_auto_proceed(
    p_venture_id uuid, p_session uuid, p_session_id text, p_type text, p_id uuid)
returns void
language plpgsql as $$
declare
    v_seq bigint;
begin
    update claude_sessions set seq = seq + 1 where venture_id = p_venture_id and id = p_session returning seq into v_seq;
    perform emit(p_venture_id, 'session', p_session, v_seq, p_type, (
        select jsonb_strip_nulls(jsonb_build_object('session_id', a.session_id, 'active_sd_key', a.active_sd_key,
            'current_phase', a.current_phase, 'completed_children', a.completed_children, 'total_children', a.total_children,
            'is_active', a.is_active))
        from auto_proceed_sessions a where a.venture_id = p_venture_id and a.id = p_id), p_session_id);
end
$$;

-- The active walk of a session, under its session's lock; refuses if there is none.
create function holdfast.require_auto_proceed(p_venture_id uuid, p_session_id text, out id uuid, out session uuid)
language plpgsql as $$
begin
    select s.id into session from claude_sessions s
    where s.venture_id = p_venture_id and s.session_id = p_session_id for no key update;
    select a.id into id from auto_proceed_sessions a
    where a.venture_id = p_venture_id and a.session_id = p_session_id and a.is_active for no key update;
    if id is null then
        perform refuse('HF003', format('The session %s has no active auto-proceed.', p_session_id),
            'Start it with upsert_auto_proceed_session.', jsonb_build_object('session_id', p_session_id));
    end if;
end
$$;

-- Saves where the walk is. What is not given stays as it is: a call that only changes the phase does not count up.
create function holdfast.update_auto_proceed_progress(
    p_session_id text, p_completed_children integer default null, p_current_phase text default null,
    p_active_sd_key text default null, p_venture_id uuid default null)
returns boolean
language plpgsql security definer set search_path = holdfast, pg_temp as $$
declare
    v_venture uuid := enter(p_venture_id, 'agent');
    v_walk    record;
begin
    v_walk := require_auto_proceed(v_venture, p_session_id);
    update auto_proceed_sessions set
        completed_children = coalesce(p_completed_children, completed_children),
        current_phase = coalesce(p_current_phase, current_phase),
        active_sd_key = coalesce(p_active_sd_key, active_sd_key)
    where venture_id = v_venture and id = v_walk.id;
    perform emit_auto_proceed(v_venture, v_walk.session, p_session_id, 'auto_proceed.progressed', v_walk.id);
    return true;
end
$$;

-- The active walk of one session. Without a session there is no answer: nobody gets somebody else's.
create function holdfast.get_active_auto_proceed_session(p_session_id text default null, p_venture_id uuid default null)
returns table (id uuid, session_id text, is_active boolean, active_sd_key text, chain_orchestrators boolean,
    current_phase text, parent_orchestrator_key text, completed_children integer, total_children integer,
    metadata holdfast.metadata, created_at timestamptz, updated_at timestamptz)
language plpgsql stable security definer set search_path = holdfast, pg_temp as $$
#variable_conflict use_column
declare
    v_venture uuid := enter(p_venture_id, 'viewer');
begin
    if p_session_id is null then
        perform refuse('HF005', 'session_id is null; an active session is looked up by its id only.',
            'Name the session; v_active_auto_proceed_sessions lists them all.');
    end if;
    return query select a.id, a.session_id, a.is_active, a.active_sd_key, a.chain_orchestrators, a.current_phase,
        a.parent_orchestrator_key, a.completed_children, a.total_children, a.metadata, a.created_at, a.updated_at
    from v_active_auto_proceed_sessions a
    where a.venture_id = v_venture and a.session_id = p_session_id and a.is_active;
end
$$;

create function holdfast.deactivate_auto_proceed_session(p_session_id text, p_venture_id uuid default null)
returns boolean
language plpgsql security definer set search_path = holdfast, pg_temp as $$
declare
    v_venture uuid := enter(p_venture_id, 'agent');
    v_walk    record;
begin
    v_walk := require_auto_proceed(v_venture, p_session_id);
    update auto_proceed_sessions set is_active = false, deactivated_at = greatest(holdfast.now(), created_at)
    where venture_id = v_venture and id = v_walk.id;
    if exists (select from auto_proceed_walks w where w.venture_id = v_venture and w.id = v_walk.id) then
        perform end_items(w, null) from auto_proceed_walks w where w.venture_id = v_venture and w.id = v_walk.id;
        perform emit_summary(v_venture, v_walk.session, p_session_id, v_walk.id);
    end if;
    perform emit_auto_proceed(v_venture, v_walk.session, p_session_id, 'auto_proceed.deactivated', v_walk.id);
    return true;
end
$$;

-- The one trigger of the engine: the older interface promises it, and whoever updates the table by hand relies on it.
create function holdfast.update_auto_proceed_sessions_updated_at() returns trigger
language plpgsql set search_path = holdfast, pg_temp as $$
begin
    new.updated_at := holdfast.now();
    return new;
end
$$;

create trigger update_auto_proceed_sessions_updated_at before update on holdfast.auto_proceed_sessions
    for each row execute function holdfast.update_auto_proceed_sessions_updated_at();
