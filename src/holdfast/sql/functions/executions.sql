-- One tracked piece of agent work. Lock order: supervisor, execution.

-- Adds the row and its first event. `p_key` is the supervisor's own name for it: a second spawn finds the first.
create function holdfast.insert_execution(
    p_venture_id uuid, p_name text, p_kind text, p_input jsonb, p_agent text, p_role text, p_total_steps integer,
    p_supervisor_id uuid, p_key text, p_directive_id uuid, p_session_id uuid, p_priority integer,
    p_run_at timestamptz, p_max_attempts integer, p_metadata jsonb)
returns uuid
language plpgsql as $$
declare
    v_id  uuid := uuid7();
    v_now timestamptz := holdfast.now();
begin
    perform require_size(format('The input of the execution %s', p_name), p_input, 1048576);
    insert into agent_executions (venture_id, id, name, kind, agent, role, total_steps, supervisor_id, key, directive_id,
        session_id, status, input, priority, run_at, max_attempts, metadata, created_at, seq)
    values (p_venture_id, v_id, p_name, p_kind, p_agent, p_role, p_total_steps, p_supervisor_id, p_key, p_directive_id,
        p_session_id, 'pending', coalesce(p_input, '{}'), p_priority, coalesce(p_run_at, v_now), p_max_attempts,
        coalesce(p_metadata, '{}'), v_now, 1);
    perform emit(p_venture_id, 'execution', v_id, 1, 'execution.created', jsonb_strip_nulls(jsonb_build_object(
        'name', p_name, 'kind', p_kind, 'agent', p_agent, 'role', p_role, 'supervisor_id', p_supervisor_id, 'key', p_key,
        'directive_id', p_directive_id, 'session_id', p_session_id)));
    return v_id;
end
$$;

create function holdfast.create_execution(
    p_name text, p_kind text default null, p_input jsonb default '{}', p_agent text default null,
    p_role text default null, p_total_steps integer default null, p_directive_id uuid default null,
    p_session_id uuid default null, p_priority integer default 100, p_run_at timestamptz default null,
    p_max_attempts integer default 3, p_metadata jsonb default '{}', p_venture_id uuid default null)
returns uuid
language plpgsql security definer set search_path = holdfast, pg_temp as $$
begin
    return insert_execution(enter(p_venture_id, 'agent'), p_name, p_kind, p_input, p_agent, p_role, p_total_steps,
        null, null, p_directive_id, p_session_id, p_priority, p_run_at, p_max_attempts, p_metadata);
end
$$;

-- Creates an execution that its creator runs itself, and gives it the lease at once.
create function holdfast.begin_execution(
    p_name text, p_holder text, p_lease_seconds double precision default 30, p_input jsonb default '{}',
    p_agent text default null, p_role text default null, p_total_steps integer default null,
    p_directive_id uuid default null, p_session_id uuid default null, p_metadata jsonb default '{}',
    p_venture_id uuid default null)
returns table (id uuid, epoch bigint, token uuid, expires_at timestamptz)
language plpgsql security definer set search_path = holdfast, pg_temp as $$
declare
    v_venture uuid := enter(p_venture_id, 'agent');
    v_id      uuid;
begin
    v_id := insert_execution(v_venture, p_name, null, p_input, p_agent, p_role, p_total_steps,
        null, null, p_directive_id, p_session_id, 100, null, 1, p_metadata);
    return query select * from start_execution(v_id, p_holder, p_lease_seconds, v_venture);
end
$$;

-- Makes a pending execution run. With a lease its holder must beat; without one anybody without a token writes.
create function holdfast.start_execution(
    p_execution_id uuid, p_holder text default null, p_lease_seconds double precision default null,
    p_venture_id uuid default null)
returns table (id uuid, epoch bigint, token uuid, expires_at timestamptz)
language plpgsql security definer set search_path = holdfast, pg_temp as $$
#variable_conflict use_column
declare
    v_venture   uuid := enter(p_venture_id, 'agent');
    v_lease     interval := case when p_lease_seconds is not null then require_lease_seconds(p_lease_seconds) end;
    v_execution agent_executions := lock_execution(v_venture, p_execution_id);
    v_now       timestamptz := holdfast.now();
    v_seq       bigint;
begin
    perform require_drawn('execution', p_execution_id::text, v_execution.status::text, 'running',
        is_drawn(v_execution.status, 'running'));
    update agent_executions e set
        status = 'running', attempt = e.attempt + 1, started_at = v_now, seq = e.seq + 1,
        lease_epoch = e.lease_epoch + 1, lease_token = case when v_lease is not null then gen_random_uuid() end,
        lease_holder = p_holder, lease_expires_at = v_now + v_lease, heartbeat_at = v_now
    where e.venture_id = v_venture and e.id = p_execution_id
    returning e.id, e.lease_epoch, e.lease_token, e.lease_expires_at, e.seq into id, epoch, token, expires_at, v_seq;
    perform emit(v_venture, 'execution', id, v_seq, 'execution.started',
        jsonb_build_object('epoch', epoch, 'attempt', 1, 'holder', p_holder), p_holder);
    return next;
end
$$;

create function holdfast.lock_execution(p_venture_id uuid, p_execution_id uuid) returns holdfast.agent_executions
language plpgsql as $$
declare
    v_execution agent_executions;
begin
    select * into v_execution from agent_executions
    where venture_id = p_venture_id and id = p_execution_id for no key update;
    if not found then
        perform refuse('HF003', format('There is no execution %s.', p_execution_id), 'Check the id and the venture.',
            jsonb_build_object('execution_id', p_execution_id));
    end if;
    return v_execution;
end
$$;

-- Why a write to a running execution was refused: unknown, over, or under another lease. Who brings a token that is
-- not the last one has lost its lease, even if the execution is over by now.
create function holdfast.refuse_execution_write(
    p_venture_id uuid, p_execution_id uuid, p_epoch bigint, p_token uuid, p_to text)
returns void
language plpgsql as $$
declare
    v_execution agent_executions := lock_execution(p_venture_id, p_execution_id);
begin
    if v_execution.status = 'running' or is_foreign(v_execution.lease_epoch, v_execution.lease_token, p_epoch, p_token) then
        perform refuse_stale('execution', p_execution_id::text, v_execution.lease_epoch, v_execution.lease_token,
            v_execution.lease_expires_at, v_execution.lease_holder, p_epoch, p_token, holdfast.now());
    end if;
    perform require_drawn('execution', p_execution_id::text, v_execution.status::text, p_to, false);
end
$$;

-- Takes work for a worker: what is pending, and what was running when its worker died or gave it back.
create function holdfast.claim_executions(
    p_holder text, p_kinds text[], p_limit integer default 1, p_lease_seconds double precision default 30,
    p_venture_id uuid default null)
returns table (id uuid, name holdfast.title, kind text, agent text, role text, input holdfast.large_json,
    supervisor_id uuid, attempt holdfast.amount, max_attempts holdfast.ordinal, total_steps holdfast.amount,
    completed_steps holdfast.amount, metadata holdfast.metadata, epoch bigint, token uuid, expires_at timestamptz)
language plpgsql security definer set search_path = holdfast, pg_temp as $$
#variable_conflict use_column
declare
    v_venture uuid := enter(p_venture_id, 'agent');
    v_lease   interval := require_lease_seconds(p_lease_seconds);
    v_limit   integer := require_limit(p_limit, 1000);
    v_now     timestamptz := holdfast.now();
begin
    return query
    with ready as (
        select e.id, greatest(extract(epoch from v_now - e.heartbeat_at), 0) as waited from agent_executions e
        where e.venture_id = v_venture and e.ended_at is null and e.lease_token is null and e.kind is not null
            and e.kind = any (p_kinds) and e.run_at <= v_now
            and e.attempt < e.max_attempts  -- else the one that was started by hand would fail every claim of its kind
        order by e.priority, e.run_at, e.id
        limit v_limit for no key update skip locked
    ), taken as (
        update agent_executions e set
            status = 'running', attempt = e.attempt + 1, started_at = coalesce(e.started_at, v_now), seq = e.seq + 1,
            lease_epoch = e.lease_epoch + 1, lease_token = gen_random_uuid(), lease_holder = p_holder,
            lease_expires_at = v_now + v_lease, heartbeat_at = v_now, error_message = null,
            waited_seconds = e.waited_seconds + coalesce(r.waited, 0)
        from ready r where e.venture_id = v_venture and e.id = r.id
        returning e.*
    ), waited as (
        update execution_steps s set waited_seconds = s.waited_seconds + r.waited
        from ready r where s.venture_id = v_venture and s.execution_id = r.id and s.status = 'running' and r.waited > 0
    ), told as (
        insert into events (venture_id, stream, stream_id, seq, xid, type, time, actor, data)
        select v_venture, 'execution', t.id, t.seq, pg_current_xact_id(),
            case when t.attempt = 1 then 'execution.started' else 'execution.restarted' end, holdfast.now(), p_holder,
            jsonb_build_object('epoch', t.lease_epoch, 'attempt', t.attempt, 'holder', p_holder)
        from taken t
    )
    select t.id, t.name, t.kind, t.agent, t.role, t.input, t.supervisor_id, t.attempt, t.max_attempts, t.total_steps,
        t.completed_steps, t.metadata, t.lease_epoch, t.lease_token, t.lease_expires_at
    from taken t order by t.priority, t.run_at, t.id;
end
$$;

-- Saves what an execution says of itself, many in one call, each fenced on its own. Its own numbers rule only where
-- the engine has no steps to derive them from. Returns the refused ones with the reason.
create function holdfast.save_executions(
    p_execution_ids uuid[], p_epochs bigint[], p_tokens uuid[], p_activities text[] default null,
    p_completed integer[] default null, p_totals integer[] default null, p_venture_id uuid default null)
returns table (execution_id uuid, code text, reason text)
language plpgsql security definer set search_path = holdfast, pg_temp as $$
#variable_conflict use_column
declare
    v_venture uuid := enter(p_venture_id, 'agent');
    v_many    integer := cardinality(p_execution_ids);
    v_saved   uuid[];
    v_now     timestamptz;
begin
    perform require_same_length(10000, v_many, cardinality(p_epochs), cardinality(p_tokens),
        coalesce(cardinality(p_activities), v_many), coalesce(cardinality(p_completed), v_many),
        coalesce(cardinality(p_totals), v_many));
    perform require_distinct(p_execution_ids);
    perform from agent_executions e where e.venture_id = v_venture and e.id = any (p_execution_ids)
    order by e.id for no key update;
    v_now := holdfast.now();
    with given as (
        select g.id, g.epoch, g.token, left(g.activity, 2000) as activity, g.completed, g.total
        from unnest(p_execution_ids, p_epochs, p_tokens, p_activities, p_completed, p_totals)
            as g (id, epoch, token, activity, completed, total)
    ), saved as (
        update agent_executions e set
            current_activity = coalesce(g.activity, e.current_activity),
            completed_steps = coalesce(g.completed, e.completed_steps),
            total_steps = coalesce(g.total, e.total_steps),
            progress = derive_progress(coalesce(g.completed, e.completed_steps), coalesce(g.total, e.total_steps)),
            seq = e.seq + 1
        from given g
        where e.venture_id = v_venture and e.id = g.id and e.status = 'running'
            and holds(e.lease_epoch, e.lease_token, e.lease_expires_at, g.epoch, g.token, v_now)
            and in_range(coalesce(g.completed, e.completed_steps), coalesce(g.total, e.total_steps))
            and (g.completed is null or not exists (
                select from execution_steps s where s.venture_id = v_venture and s.execution_id = e.id))
        returning e.id, e.seq, e.current_activity, e.completed_steps, e.total_steps, e.progress
    ), told as (
        insert into events (venture_id, stream, stream_id, seq, xid, type, time, actor, data)
        select v_venture, 'execution', s.id, s.seq, pg_current_xact_id(), 'execution.progressed', holdfast.now(),
            request_user(), jsonb_strip_nulls(jsonb_build_object('activity', s.current_activity,
                'completed_steps', s.completed_steps, 'total_steps', s.total_steps, 'progress', s.progress))
        from saved s
    )
    select array_agg(s.id) into v_saved from saved s;
    if cardinality(v_saved) = v_many then
        return;
    end if;
    return query select g.id, r.code, r.reason
    from unnest(p_execution_ids, p_epochs, p_tokens, p_completed, p_totals) as g (id, epoch, token, completed, total)
    cross join lateral explain_execution_refusal(v_venture, g.id, g.epoch, g.token, g.completed, g.total) r
    where g.id <> all (coalesce(v_saved, '{}'));
end
$$;

create function holdfast.in_range(p_completed integer, p_total integer) returns boolean
language sql immutable parallel safe as $$
    select p_completed >= 0 and (p_total is null or (p_total >= 0 and p_completed <= p_total))
$$;

create function holdfast.derive_progress(p_completed integer, p_total integer) returns numeric
language sql immutable parallel safe as $$
    select case when p_total > 0 then round(100.0 * p_completed / p_total, 2) end
$$;

-- The reason of a refusal as a value, for the array forms, in which one bad row must not fail its neighbours.
create function holdfast.explain_execution_refusal(
    p_venture_id uuid, p_execution_id uuid, p_epoch bigint, p_token uuid, p_completed integer, p_total integer,
    out code text, out reason text)
language plpgsql as $$
#variable_conflict use_column
declare
    v_execution agent_executions := lock_execution_if_there(p_venture_id, p_execution_id);
begin
    if v_execution.id is not null and v_execution.status = 'running'
        and holds(v_execution.lease_epoch, v_execution.lease_token, v_execution.lease_expires_at, p_epoch, p_token, holdfast.now()) then
        code := 'HF005';
        if p_completed is not null and exists (select from execution_steps s
            where s.venture_id = p_venture_id and s.execution_id = p_execution_id) then
            reason := 'completed is derived from the steps of this execution; finish steps instead.';
        else
            reason := format('completed = %s is not between 0 and total = %s.',
                coalesce(p_completed, v_execution.completed_steps), coalesce(p_total, v_execution.total_steps));
        end if;
        return;
    end if;
    begin
        perform refuse_execution_write(p_venture_id, p_execution_id, p_epoch, p_token, 'running');
    exception when others then
        get stacked diagnostics code = returned_sqlstate, reason = message_text;
    end;
end
$$;

create function holdfast.lock_execution_if_there(p_venture_id uuid, p_execution_id uuid) returns holdfast.agent_executions
language sql as $$
    select * from agent_executions where venture_id = p_venture_id and id = p_execution_id for no key update
$$;

-- Ends an execution. Ending it again in the same way under the same lease is not an error: the answer to the
-- first call may have been lost on its way.
create function holdfast.finish_execution(
    p_execution_id uuid, p_status holdfast.execution_status, p_epoch bigint default null, p_token uuid default null,
    p_result jsonb default null, p_error text default null, p_venture_id uuid default null)
returns bigint
language plpgsql security definer set search_path = holdfast, pg_temp as $$
declare
    v_venture   uuid := enter(p_venture_id, 'agent');
    v_now       timestamptz := holdfast.now();
    v_execution agent_executions;
begin
    if p_status not in ('completed', 'failed') then
        perform refuse('HF002', format('finish_execution ends an execution as completed or failed, not as %s.', p_status),
            'Use start_execution or cancel_execution.');
    end if;
    perform require_size(format('The result of the execution %s', p_execution_id), p_result, 1048576);
    update agent_executions set
        status = p_status, ended_at = greatest(v_now, started_at), lease_expires_at = null, seq = seq + 1,
        result = p_result, progress = case when p_status = 'completed' then 100 else progress end,
        error_message = case when p_status = 'failed' then left(coalesce(nullif(p_error, ''), 'It gave no reason.'), 20000) end
    where venture_id = v_venture and id = p_execution_id and status = 'running'
        and holds(lease_epoch, lease_token, lease_expires_at, p_epoch, p_token, v_now)
    returning * into v_execution;
    if not found then
        v_execution := lock_execution(v_venture, p_execution_id);
        if v_execution.status = p_status and v_execution.lease_epoch = p_epoch and v_execution.lease_token = p_token then
            return v_execution.seq;
        end if;
        perform refuse_execution_write(v_venture, p_execution_id, p_epoch, p_token, p_status::text);
    end if;
    insert into execution_metrics as m (venture_id, execution_id, duration_ms, updated_at)
    values (v_venture, p_execution_id, extract(epoch from v_execution.ended_at - v_execution.started_at) * 1000, v_now)
    on conflict (venture_id, execution_id) do update set duration_ms = excluded.duration_ms, updated_at = excluded.updated_at;
    perform emit(v_venture, 'execution', p_execution_id, v_execution.seq, 'execution.' || p_status, jsonb_strip_nulls(
        jsonb_build_object('name', v_execution.name, 'attempt', v_execution.attempt,
            'error', left(v_execution.error_message, 500))));
    return v_execution.seq;
end
$$;

-- Gives an execution back for another worker, or for a later attempt.
create function holdfast.release_execution(
    p_execution_id uuid, p_epoch bigint, p_token uuid, p_reason text, p_retry_in_seconds double precision default 0,
    p_counts boolean default true, p_venture_id uuid default null)
returns bigint
language plpgsql security definer set search_path = holdfast, pg_temp as $$
declare
    v_venture uuid := enter(p_venture_id, 'agent');
    v_now     timestamptz := holdfast.now();
    v_seq     bigint;
begin
    if p_token is null then
        perform refuse('HF001', format('Releasing the execution %s needs the token of its lease.', p_execution_id),
            'Bring p_epoch and p_token.');
    end if;
    update agent_executions set
        lease_token = null, lease_expires_at = null, lease_holder = null, heartbeat_at = v_now, seq = seq + 1,
        error_message = left(p_reason, 20000), run_at = v_now + make_interval(secs => p_retry_in_seconds), attempt = attempt - case when p_counts then 0 else 1 end
    where venture_id = v_venture and id = p_execution_id and status = 'running' and kind is not null
        and holds(lease_epoch, lease_token, lease_expires_at, p_epoch, p_token, v_now)
        and (attempt < max_attempts or not p_counts)
    returning seq into v_seq;
    if not found then
        perform refuse_execution_write(v_venture, p_execution_id, p_epoch, p_token, 'running');
    end if;
    perform emit(v_venture, 'execution', p_execution_id, v_seq, 'execution.released',
        jsonb_build_object('reason', left(p_reason, 500), 'retry_in_seconds', p_retry_in_seconds));
    return v_seq;
end
$$;

-- Cancels an execution, whoever runs it; its holder's next write is refused.
create function holdfast.cancel_execution(p_execution_id uuid, p_reason text default null, p_venture_id uuid default null)
returns bigint
language plpgsql security definer set search_path = holdfast, pg_temp as $$
declare
    v_venture   uuid := enter(p_venture_id, 'operator');
    v_execution agent_executions := lock_execution(v_venture, p_execution_id);
begin
    perform require_drawn('execution', p_execution_id::text, v_execution.status::text, 'cancelled',
        is_drawn(v_execution.status, 'cancelled'));
    return stop_execution(v_venture, v_execution, p_reason);
end
$$;

-- Cancels an execution that its caller has locked and that may be cancelled.
create function holdfast.stop_execution(p_venture_id uuid, p_execution holdfast.agent_executions, p_reason text)
returns bigint
language plpgsql as $$
declare
    v_seq bigint;
begin
    update agent_executions set status = 'cancelled', ended_at = greatest(holdfast.now(), started_at), seq = seq + 1,
        lease_token = null, lease_expires_at = null, error_message = left(p_reason, 20000)
    where venture_id = p_venture_id and id = p_execution.id returning seq into v_seq;
    perform emit(p_venture_id, 'execution', p_execution.id, v_seq, 'execution.cancelled',
        jsonb_strip_nulls(jsonb_build_object('reason', left(p_reason, 500))));
    return v_seq;
end
$$;
