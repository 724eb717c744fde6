-- The durable steps of supervisors: each is done once, ever.
--
-- The array forms are planned once, since planning takes longer than the work. So they find each row by its key, whatever
-- the statistics say (`offset 0` keeps a look-up from being made a join): a plan that was made while a table was new would
-- go on reading all of it. What was found stays where it is, since the supervisors are locked.

-- Begins a step, or hands over the result that it had. A step that was running when its supervisor died is begun
-- again, and `attempt` says so.
create function holdfast.begin_step(
    p_supervisor_id uuid, p_epoch bigint, p_token uuid, p_name text, p_venture_id uuid default null)
returns table (status holdfast.supervisor_step_status, attempt integer, result jsonb)
language plpgsql security definer set search_path = holdfast, pg_temp as $$
declare
    v_venture uuid := enter(p_venture_id, 'agent');
begin
    perform fence_supervisor(v_venture, p_supervisor_id, p_epoch, p_token);
    return query select b.status, b.attempt, b.result
    from begin_steps(array[p_supervisor_id], array[p_epoch], array[p_token], array[p_name], v_venture) b;
end
$$;

-- The same for steps of many supervisors in one call, each fenced on its own. A refused one has a code and the reason.
create function holdfast.begin_steps(
    p_supervisor_ids uuid[], p_epochs bigint[], p_tokens uuid[], p_names text[], p_venture_id uuid default null)
returns table (supervisor_id uuid, code text, reason text, status holdfast.supervisor_step_status, attempt integer, result jsonb)
language plpgsql security definer set search_path = holdfast, pg_temp set plan_cache_mode = force_generic_plan
set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off as $$
#variable_conflict use_column
declare
    v_venture uuid := enter(p_venture_id, 'agent');
    v_now     timestamptz;
begin
    perform require_same_length(10000, cardinality(p_supervisor_ids), cardinality(p_epochs), cardinality(p_tokens),
        cardinality(p_names));
    perform require_distinct(p_supervisor_ids);
    perform from supervisor_states s where s.venture_id = v_venture and s.id = any (p_supervisor_ids)
    order by s.id for no key update;
    v_now := holdfast.now();
    return query
    with given as (
        select g.id, g.epoch, g.token, g.name from unnest(p_supervisor_ids, p_epochs, p_tokens, p_names) as g (id, epoch, token, name)
    ), held as (
        select g.id, g.name, coalesce(s.checkpoint, 0) as checkpoint, s.ctid
        from given g cross join lateral (select s.*, s.ctid from supervisor_states s
            where s.venture_id = v_venture and s.id = g.id offset 0) s
        where s.ended_at is null and holds(s.lease_epoch, s.lease_token, s.lease_expires_at, g.epoch, g.token, v_now)
    ), begun as (
        insert into supervisor_steps as s (venture_id, supervisor_id, name, status, attempt, started_at, checkpoint)
        select v_venture, h.id, h.name, 'running', 1, v_now, h.checkpoint from held h
        on conflict (venture_id, supervisor_id, name) do update set
            status = 'running', attempt = s.attempt + 1, error_message = null, started_at = excluded.started_at, ended_at = null
        where s.status <> 'completed'
        returning s.supervisor_id as id, s.name, s.status, s.attempt, s.result
    ), counted as (
        update supervisor_states s set seq = s.seq + 1 from begun b join held h on h.id = b.id where s.ctid = h.ctid
        returning s.id, s.seq, b.name, b.attempt
    ), told as (
        insert into events (venture_id, stream, stream_id, seq, xid, type, time, actor, data)
        select v_venture, 'supervisor', c.id, c.seq, pg_current_xact_id(), 'supervisor.step_started', v_now, request_user(),
            jsonb_build_object('step', c.name, 'attempt', c.attempt)
        from counted c
    )
    select b.id, null, null, b.status, b.attempt, b.result from begun b
    union all
    select h.id, null, null, s.status, s.attempt, s.result from held h
    cross join lateral (select s.status, s.attempt, s.result from supervisor_steps s
        where s.venture_id = v_venture and s.supervisor_id = h.id and s.name = h.name and s.status = 'completed' offset 0) s
    union all
    select g.id, r.code, r.reason, null, null, null from given g
    cross join lateral explain_supervisor_refusal(v_venture, g.id, g.epoch, g.token, null, null) r
    where g.id not in (select h.id from held h);
end
$$;

-- Keeps the result of a step, for ever; or why it failed.
create function holdfast.finish_step(
    p_supervisor_id uuid, p_epoch bigint, p_token uuid, p_name text, p_result jsonb default null,
    p_error text default null, p_venture_id uuid default null)
returns bigint
language plpgsql security definer set search_path = holdfast, pg_temp as $$
declare
    v_venture uuid := enter(p_venture_id, 'agent');
    v_row     supervisor_states := fence_supervisor(v_venture, p_supervisor_id, p_epoch, p_token);
begin
    perform from finish_steps(array[p_supervisor_id], array[p_epoch], array[p_token], array[p_name], array[p_result],
        array[p_error], v_venture);
    if found then
        perform require_step_to_end(v_row, p_name, ended_as(p_error));
    end if;
    return (select s.seq from supervisor_states s where s.venture_id = v_venture and s.id = p_supervisor_id);
end
$$;

-- The same for steps of many supervisors in one call, each fenced on its own. Returns the refused ones with the reason.
create function holdfast.finish_steps(
    p_supervisor_ids uuid[], p_epochs bigint[], p_tokens uuid[], p_names text[], p_results jsonb[], p_errors text[],
    p_venture_id uuid default null)
returns table (supervisor_id uuid, code text, reason text)
language plpgsql security definer set search_path = holdfast, pg_temp set plan_cache_mode = force_generic_plan
set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off as $$
#variable_conflict use_column
declare
    v_venture  uuid := enter(p_venture_id, 'agent');
    v_many     integer := cardinality(p_supervisor_ids);
    v_finished uuid[];
    v_now      timestamptz;
begin
    perform require_same_length(10000, v_many, cardinality(p_epochs), cardinality(p_tokens), cardinality(p_names),
        cardinality(p_results), cardinality(p_errors));
    perform require_distinct(p_supervisor_ids);
    perform require_size(format('The result of the step %s', g.name), g.result, 1048576)
    from unnest(p_names, p_results) as g (name, result);
    perform from supervisor_states s where s.venture_id = v_venture and s.id = any (p_supervisor_ids)
    order by s.id for no key update;
    v_now := holdfast.now();
    with running as (
        select g.id, g.result, g.error, coalesce(s.checkpoint, 0) as checkpoint, s.ctid as supervisor, t.ctid as step
        from unnest(p_supervisor_ids, p_epochs, p_tokens, p_names, p_results, p_errors)
            as g (id, epoch, token, name, result, error)
        cross join lateral (select s.*, s.ctid from supervisor_states s
            where s.venture_id = v_venture and s.id = g.id offset 0) s
        cross join lateral (select t.ctid from supervisor_steps t
            where t.venture_id = v_venture and t.supervisor_id = g.id and t.name = g.name and t.status = 'running' offset 0) t
        where s.ended_at is null and holds(s.lease_epoch, s.lease_token, s.lease_expires_at, g.epoch, g.token, v_now)
    ), finished as (
        update supervisor_steps t set status = ended_as(r.error), result = r.result, error_message = left(r.error, 20000),
            ended_at = greatest(v_now, t.started_at), checkpoint = r.checkpoint
        from running r where t.ctid = r.step
        returning r.id, r.supervisor, t.name, t.status, t.attempt, r.error
    ), counted as (
        update supervisor_states s set seq = s.seq + 1,
            deaths_in_a_row = case when f.status = 'completed' then 0 else s.deaths_in_a_row end
        from finished f where s.ctid = f.supervisor
        returning s.id, s.seq, f.name, f.status, f.attempt, f.error
    ), told as (
        insert into events (venture_id, stream, stream_id, seq, xid, type, time, actor, data)
        select v_venture, 'supervisor', c.id, c.seq, pg_current_xact_id(), 'supervisor.step_' || c.status, v_now, request_user(),
            jsonb_strip_nulls(jsonb_build_object('step', c.name, 'attempt', c.attempt, 'error', left(c.error, 500)))
        from counted c
    )
    select array_agg(c.id) into v_finished from counted c;
    if cardinality(v_finished) = v_many then
        return;
    end if;
    return query select g.id, r.code, r.reason
    from unnest(p_supervisor_ids, p_epochs, p_tokens, p_names, p_errors) as g (id, epoch, token, name, error)
    cross join lateral explain_step_refusal(v_venture, g.id, g.epoch, g.token, g.name, ended_as(g.error)) r
    where g.id <> all (coalesce(v_finished, '{}')) and r.code is not null;
end
$$;

create function holdfast.ended_as(p_error text) returns holdfast.supervisor_step_status
language sql immutable parallel safe as $$
    select case when p_error is null then 'completed' else 'failed' end::holdfast.supervisor_step_status
$$;

-- Refuses to end a step that is not running; to say again how it ended is not an error, since its holder may not have heard the answer.
create function holdfast.require_step_to_end(
    p_row holdfast.supervisor_states, p_name text, p_status holdfast.supervisor_step_status) returns void
language plpgsql as $$
declare
    v_status supervisor_step_status;
begin
    select status into v_status from supervisor_steps
    where venture_id = p_row.venture_id and supervisor_id = p_row.id and name = p_name;
    if not found then
        perform refuse('HF003', format('The supervisor %s has no step %s.', p_row.id, p_name), 'Begin it with begin_step.');
    end if;
    perform require_drawn('step', p_name, v_status::text, p_status::text, v_status = p_status);
end
$$;

-- The reason of a refusal as a value, for the array form; none where it is none.
create function holdfast.explain_step_refusal(
    p_venture_id uuid, p_supervisor_id uuid, p_epoch bigint, p_token uuid, p_name text,
    p_status holdfast.supervisor_step_status, out code text, out reason text)
language plpgsql as $$
begin
    perform require_step_to_end(fence_supervisor(p_venture_id, p_supervisor_id, p_epoch, p_token), p_name, p_status);
exception when others then
    get stacked diagnostics code = returned_sqlstate, reason = message_text;
end
$$;
