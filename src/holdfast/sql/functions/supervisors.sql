-- Durable coordinators: their lease, their steps, what they spawn.

create function holdfast.create_supervisor(
    p_name text, p_handler text default null, p_input jsonb default '{}', p_key text default null,
    p_directive_id uuid default null, p_session_id uuid default null, p_priority integer default 100,
    p_metadata jsonb default '{}', p_venture_id uuid default null)
returns table (id uuid, created boolean)
language plpgsql security definer set search_path = holdfast, pg_temp as $$
#variable_conflict use_column
declare
    v_venture uuid := enter(p_venture_id, 'agent');
begin
    perform require_size(format('The input of the supervisor %s', p_name), p_input, 1048576);
    id := uuid7();
    insert into supervisor_states (venture_id, id, name, handler, key, state, input, metadata, directive_id, session_id,
        priority, created_at, seq)
    values (v_venture, id, p_name, p_handler, p_key, 'starting', coalesce(p_input, '{}'), coalesce(p_metadata, '{}'),
        p_directive_id, p_session_id, p_priority, holdfast.now(), 1)
    on conflict (venture_id, key) where key is not null do nothing;
    created := found;
    if created then
        perform emit(v_venture, 'supervisor', id, 1, 'supervisor.created', jsonb_strip_nulls(
            jsonb_build_object('name', p_name, 'handler', p_handler, 'key', p_key, 'directive_id', p_directive_id,
                'session_id', p_session_id)));
    else
        select s.id into strict id from supervisor_states s where s.venture_id = v_venture and s.key = p_key;
    end if;
    return next;
end
$$;

-- The row of a supervisor under its lock, for a writer that holds its lease.
create function holdfast.fence_supervisor(p_venture_id uuid, p_supervisor_id uuid, p_epoch bigint, p_token uuid)
returns holdfast.supervisor_states
language plpgsql as $$
declare
    v_supervisor supervisor_states;
begin
    select * into v_supervisor from supervisor_states
    where venture_id = p_venture_id and id = p_supervisor_id for no key update;
    if not found then
        perform refuse('HF003', format('There is no supervisor %s.', p_supervisor_id), 'Check the id and the venture.',
            jsonb_build_object('supervisor_id', p_supervisor_id));
    end if;
    if v_supervisor.ended_at is not null
        and not is_foreign(v_supervisor.lease_epoch, v_supervisor.lease_token, p_epoch, p_token) then
        perform require_drawn('supervisor', p_supervisor_id::text, v_supervisor.state::text, 'working', false);
    end if;
    perform refuse_stale('supervisor', p_supervisor_id::text, v_supervisor.lease_epoch, v_supervisor.lease_token,
        v_supervisor.lease_expires_at, v_supervisor.lease_holder, p_epoch, p_token, holdfast.now());
    return v_supervisor;
end
$$;

-- Counts an event of a supervisor whose row is locked already.
create function holdfast.emit_supervisor(p_venture_id uuid, p_supervisor_id uuid, p_type text, p_data jsonb, p_got_on boolean default false)
returns bigint
language plpgsql as $$
declare
    v_seq bigint;
begin
    update supervisor_states set seq = seq + 1, deaths_in_a_row = case when p_got_on then 0 else deaths_in_a_row end
    where venture_id = p_venture_id and id = p_supervisor_id returning seq into v_seq;
    perform emit(p_venture_id, 'supervisor', p_supervisor_id, v_seq, p_type, p_data);
    return v_seq;
end
$$;

-- The save on every turn: the lease is checked, the state moved and the event written, one row updated.
create function holdfast.save_supervisor(
    p_supervisor_id uuid, p_epoch bigint, p_token uuid, p_state holdfast.supervisor_state default null,
    p_activity text default null, p_progress numeric default null, p_metadata jsonb default null,
    p_venture_id uuid default null)
returns bigint
language plpgsql security definer set search_path = holdfast, pg_temp as $$
declare
    v_venture uuid := enter(p_venture_id, 'agent');
    v_seq     bigint;
    v_row     supervisor_states;
begin
    update supervisor_states s set
        state = coalesce(p_state, s.state), current_activity = coalesce(p_activity, s.current_activity),
        progress = coalesce(p_progress, s.progress), seq = s.seq + 1,
        metadata = case when p_metadata is null then s.metadata else merge_metadata(s.metadata, p_metadata) end
    where s.venture_id = v_venture and s.id = p_supervisor_id and s.ended_at is null
        and holds(s.lease_epoch, s.lease_token, s.lease_expires_at, p_epoch, p_token, holdfast.now())
        and (p_state is null or p_state = s.state or is_drawn(s.state, p_state)) and p_state is distinct from 'completed'
        and p_state is distinct from 'failed'
    returning s.seq into v_seq;
    if not found then
        v_row := fence_supervisor(v_venture, p_supervisor_id, p_epoch, p_token);
        perform require_drawn('supervisor', p_supervisor_id::text, v_row.state::text, p_state::text, false);
    end if;
    insert into events (venture_id, stream, stream_id, seq, xid, type, time, actor, data)
    values (v_venture, 'supervisor', p_supervisor_id, v_seq, pg_current_xact_id(), 'supervisor.saved', holdfast.now(),
        request_user(), jsonb_strip_nulls(jsonb_build_object('state', p_state, 'activity', p_activity, 'progress', p_progress)));
    return v_seq;
end
$$;

-- The same for many supervisors in one call, each fenced on its own. Returns the refused ones with the reason.
create function holdfast.save_supervisors(
    p_supervisor_ids uuid[], p_epochs bigint[], p_tokens uuid[], p_states holdfast.supervisor_state[],
    p_activities text[], p_progress numeric[], p_venture_id uuid default null)
returns table (supervisor_id uuid, code text, reason text)
language plpgsql security definer set search_path = holdfast, pg_temp as $$
#variable_conflict use_column
declare
    v_venture uuid := enter(p_venture_id, 'agent');
    v_many    integer := cardinality(p_supervisor_ids);
    v_saved   uuid[];
    v_now     timestamptz;
begin
    perform require_same_length(10000, v_many, cardinality(p_epochs), cardinality(p_tokens), cardinality(p_states),
        cardinality(p_activities), cardinality(p_progress));
    perform require_distinct(p_supervisor_ids);
    perform from supervisor_states s where s.venture_id = v_venture and s.id = any (p_supervisor_ids)
    order by s.id for no key update;
    v_now := holdfast.now();
    with given as (
        select g.id, g.epoch, g.token, g.state, g.activity, g.progress
        from unnest(p_supervisor_ids, p_epochs, p_tokens, p_states, p_activities, p_progress)
            as g (id, epoch, token, state, activity, progress)
    ), saved as (
        update supervisor_states s set
            state = coalesce(g.state, s.state), current_activity = coalesce(g.activity, s.current_activity),
            progress = coalesce(g.progress, s.progress), seq = s.seq + 1
        from given g
        where s.venture_id = v_venture and s.id = g.id and s.ended_at is null
            and holds(s.lease_epoch, s.lease_token, s.lease_expires_at, g.epoch, g.token, v_now)
            and (g.state is null or g.state = s.state or is_drawn(s.state, g.state))
            and (g.state is null or g.state not in ('completed', 'failed'))
            and (g.progress is null or g.progress between 0 and 100) and coalesce(length(g.activity), 0) <= 2000
        returning s.id, s.seq, g.state, g.activity, g.progress
    ), told as (
        insert into events (venture_id, stream, stream_id, seq, xid, type, time, actor, data)
        select v_venture, 'supervisor', s.id, s.seq, pg_current_xact_id(), 'supervisor.saved', holdfast.now(), request_user(),
            jsonb_strip_nulls(jsonb_build_object('state', s.state, 'activity', s.activity, 'progress', s.progress))
        from saved s
    )
    select array_agg(s.id) into v_saved from saved s;
    if cardinality(v_saved) = v_many then
        return;
    end if;
    return query select g.id, r.code, r.reason
    from unnest(p_supervisor_ids, p_epochs, p_tokens, p_states, p_progress) as g (id, epoch, token, state, progress)
    cross join lateral explain_supervisor_refusal(v_venture, g.id, g.epoch, g.token, g.state, g.progress) r
    where g.id <> all (coalesce(v_saved, '{}'));
end
$$;

create function holdfast.explain_supervisor_refusal(
    p_venture_id uuid, p_supervisor_id uuid, p_epoch bigint, p_token uuid, p_state holdfast.supervisor_state,
    p_progress numeric, out code text, out reason text)
language plpgsql as $$
declare
    v_row supervisor_states;
begin
    v_row := fence_supervisor(p_venture_id, p_supervisor_id, p_epoch, p_token);
    if p_state is not null and p_state <> v_row.state then
        perform require_drawn('supervisor', p_supervisor_id::text, v_row.state::text, p_state::text,
            is_drawn(v_row.state, p_state) and p_state not in ('completed', 'failed'));
    end if;
    perform refuse('HF005', format('progress = %s is not between 0 and 100, or the activity has more than 2000 characters.', p_progress));
exception when others then
    get stacked diagnostics code = returned_sqlstate, reason = message_text;
end
$$;

-- Spawns an execution in the transaction that notes it: it is there once, however often the supervisor dies.
create function holdfast.spawn_execution(
    p_supervisor_id uuid, p_epoch bigint, p_token uuid, p_key text, p_name text, p_kind text,
    p_input jsonb default '{}', p_agent text default null, p_role text default null, p_priority integer default 100,
    p_max_attempts integer default 3, p_metadata jsonb default '{}', p_venture_id uuid default null)
returns uuid
language plpgsql security definer set search_path = holdfast, pg_temp as $$
declare
    v_venture uuid := enter(p_venture_id, 'agent');
    v_row     supervisor_states := fence_supervisor(v_venture, p_supervisor_id, p_epoch, p_token);
    v_id      uuid;
begin
    select id into v_id from agent_executions
    where venture_id = v_venture and supervisor_id = p_supervisor_id and key = p_key;
    if found then
        return v_id;
    end if;
    v_id := insert_execution(v_venture, p_name, p_kind, p_input, p_agent, p_role, null, p_supervisor_id, p_key,
        v_row.directive_id, v_row.session_id, p_priority, null, p_max_attempts, p_metadata);
    perform emit_supervisor(v_venture, p_supervisor_id, 'supervisor.spawned', jsonb_build_object('execution_id', v_id, 'key', p_key,
        'name', p_name, 'checkpoint', add_save_point(v_row, 'spawn', 'execution', v_id, p_key)), p_got_on => true);
    return v_id;
end
$$;

-- Says under which session and directive a supervisor works.
create function holdfast.attach_supervisor(
    p_supervisor_id uuid, p_epoch bigint, p_token uuid, p_session_id uuid, p_directive_id uuid, p_venture_id uuid default null)
returns bigint
language plpgsql security definer set search_path = holdfast, pg_temp as $$
declare
    v_venture uuid := enter(p_venture_id, 'agent');
    v_row     supervisor_states := fence_supervisor(v_venture, p_supervisor_id, p_epoch, p_token);
begin
    if v_row.session_id is not distinct from p_session_id and v_row.directive_id is not distinct from p_directive_id then
        return v_row.seq;
    end if;
    update supervisor_states set session_id = p_session_id, directive_id = p_directive_id
    where venture_id = v_venture and id = p_supervisor_id;
    return emit_supervisor(v_venture, p_supervisor_id, 'supervisor.attached',
        jsonb_build_object('session_id', p_session_id, 'directive_id', p_directive_id));
end
$$;

-- Ends a supervisor. Ending it again in the same way under the same lease is not an error.
create function holdfast.finish_supervisor(
    p_supervisor_id uuid, p_epoch bigint, p_token uuid, p_state holdfast.supervisor_state,
    p_result jsonb default null, p_error text default null, p_venture_id uuid default null)
returns bigint
language plpgsql security definer set search_path = holdfast, pg_temp as $$
declare
    v_venture uuid := enter(p_venture_id, 'agent');
    v_now     timestamptz := holdfast.now();
    v_row     supervisor_states;
begin
    perform require_size(format('The result of the supervisor %s', p_supervisor_id), p_result, 1048576);
    select * into v_row from supervisor_states where venture_id = v_venture and id = p_supervisor_id for no key update;
    if v_row.state = p_state and p_state in ('completed', 'failed')
        and v_row.lease_epoch = p_epoch and v_row.lease_token = p_token then
        return v_row.seq;
    end if;
    v_row := fence_supervisor(v_venture, p_supervisor_id, p_epoch, p_token);
    perform require_drawn('supervisor', p_supervisor_id::text, v_row.state::text, p_state::text,
        is_drawn(v_row.state, p_state) and p_state in ('completed', 'failed'));
    if p_state = 'failed' and exists (select from plans where venture_id = v_venture and supervisor_id = p_supervisor_id and ended_at is null) then
        perform end_work_of_supervisor(v_row, format('Its runner failed: %s', p_error));  -- nobody else would
    end if;
    return end_supervisor(v_row, p_state, p_result, p_error);
end
$$;

-- What it asked and nobody answered is withdrawn: there is nobody to be told any more.
create function holdfast.end_supervisor(
    p_row holdfast.supervisor_states, p_state holdfast.supervisor_state, p_result jsonb, p_error text)
returns bigint
language plpgsql as $$
begin
    perform withdraw_all_questions(p_row.venture_id, p_row.id, coalesce('Who asked it has failed: ' || p_error, 'Who asked it is done.'));
    update supervisor_states set state = p_state, result = p_result, lease_expires_at = null,
        ended_at = greatest(holdfast.now(), started_at), progress = case when p_state = 'completed' then 100 else progress end,
        error_message = case when p_state = 'failed' then left(coalesce(nullif(p_error, ''), 'It gave no reason.'), 20000) end
    where venture_id = p_row.venture_id and id = p_row.id;
    return emit_supervisor(p_row.venture_id, p_row.id, 'supervisor.' || p_state, jsonb_strip_nulls(jsonb_build_object(
        'name', p_row.name, 'error', left(p_error, 500))));
end
$$;

-- Gives a supervisor back for another worker.
create function holdfast.release_supervisor(
    p_supervisor_id uuid, p_epoch bigint, p_token uuid, p_reason text, p_venture_id uuid default null)
returns bigint
language plpgsql security definer set search_path = holdfast, pg_temp as $$
declare
    v_venture uuid := enter(p_venture_id, 'agent');
    v_row     supervisor_states := fence_supervisor(v_venture, p_supervisor_id, p_epoch, p_token);
begin
    if p_token is null then
        perform refuse('HF001', format('Releasing the supervisor %s needs the token of its lease.', p_supervisor_id),
            'Bring p_epoch and p_token.');
    end if;
    update supervisor_states set lease_token = null, lease_expires_at = null, lease_holder = null
    where venture_id = v_venture and id = p_supervisor_id;
    return emit_supervisor(v_venture, p_supervisor_id, 'supervisor.released', jsonb_build_object('reason', p_reason));
end
$$;
