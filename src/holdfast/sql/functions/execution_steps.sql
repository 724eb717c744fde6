-- The steps of executions, from which their progress is derived.

-- Records steps as they begin and end, of many executions in one call; progress is derived from them. Recording a
-- step again as it already is changes nothing. A row without position and status says what is being done, in order with
-- the steps. Returns the refused rows with the reason.
create function holdfast.record_steps(
    p_execution_ids uuid[], p_epochs bigint[], p_tokens uuid[], p_positions integer[], p_names text[],
    p_statuses holdfast.execution_step_status[], p_venture_id uuid default null)
returns table (execution_id uuid, code text, reason text)
language plpgsql security definer set search_path = holdfast, pg_temp as $$
#variable_conflict use_column
declare
    v_venture uuid := enter(p_venture_id, 'agent');
    v_kept    bigint[];  -- the batches that were written, by their first row
    v_now     timestamptz;
begin
    perform require_same_length(10000, cardinality(p_execution_ids), cardinality(p_epochs), cardinality(p_tokens),
        cardinality(p_positions), cardinality(p_names), cardinality(p_statuses));
    perform from agent_executions e where e.venture_id = v_venture and e.id = any (p_execution_ids)
    order by e.id for no key update;
    v_now := holdfast.now();
    with given as (
        -- Rows under one token are written or refused together: a batch, named by its first row.
        select g.id, g.epoch, g.token, g.position, g.status, g.row,
            left(g.name, case when is_activity(g.position, g.status) then 2000 else 500 end) as name,
            min(g.row) over (partition by g.id, g.epoch, g.token) as batch
        from unnest(p_execution_ids, p_epochs, p_tokens, p_positions, p_names, p_statuses) with ordinality
            as g (id, epoch, token, position, name, status, row)
    ), batches as (
        select g.batch, g.id, g.epoch, g.token, max(g.position) as last,
            bool_and(is_activity(g.position, g.status) or (g.position >= 1 and g.name <> '') is true) as is_whole,
            (array_agg(g.name order by g.row desc) filter (where coalesce(g.status, 'running') = 'running'))[1] as doing,
            (array_agg(g.name order by g.row desc))[1] as latest
        from given g group by g.batch, g.id, g.epoch, g.token
    ), undrawn as (
        select g.batch from given g
        join execution_steps s on s.venture_id = v_venture and s.execution_id = g.id and s.position = g.position
        where is_undrawn_step(s.status, g.status)
    ), newest as (
        -- The last word on each position in this call counts; what it passed through on the way need not be stored.
        select distinct on (g.batch, g.position) g.batch, g.id, g.position, g.name, g.status
        from given g where not is_activity(g.position, g.status) order by g.batch, g.position, g.row desc
    ), counted as materialized (  -- else it is counted anew for each execution
        select n.batch,
            sum(is_done_step(step_after(s.status, n.status))::integer - is_done_step(s.status)::integer)::integer as more
        from newest n
        left join execution_steps s on s.venture_id = v_venture and s.execution_id = n.id and s.position = n.position
        group by n.batch
    ), fit as (
        select b.batch, b.id, b.doing, b.latest, coalesce(c.more, 0) as more
        from batches b left join counted c on c.batch = b.batch
        join agent_executions e on e.venture_id = v_venture and e.id = b.id and e.status = 'running'
        where b.is_whole and (b.last <= coalesce(e.total_steps, b.last)) is not false
            and in_range(e.completed_steps + coalesce(c.more, 0), e.total_steps)
            and holds(e.lease_epoch, e.lease_token, e.lease_expires_at, b.epoch, b.token, v_now)
            and b.batch not in (select u.batch from undrawn u)
    ), written as (
        insert into execution_steps as s (venture_id, execution_id, position, name, status, started_at, ended_at)
        select v_venture, n.id, n.position, n.name, n.status, v_now, case when n.status <> 'running' then v_now end
        from newest n join fit f on f.batch = n.batch
        on conflict (venture_id, execution_id, position) do update
            set status = excluded.status, ended_at = excluded.ended_at, name = excluded.name
        where s.status = 'running' or s.status <> step_after(s.status, excluded.status)
    ), saved as (
        update agent_executions e set
            completed_steps = e.completed_steps + f.more,
            progress = derive_progress(e.completed_steps + f.more, e.total_steps),
            current_activity = coalesce(f.doing, e.current_activity, f.latest), seq = e.seq + 1
        from fit f where e.venture_id = v_venture and e.id = f.id
        returning f.batch, e.id, e.seq, e.current_activity, e.completed_steps, e.total_steps, e.progress
    ), told as (
        insert into events (venture_id, stream, stream_id, seq, xid, type, time, actor, data)
        select v_venture, 'execution', s.id, s.seq, pg_current_xact_id(), 'execution.progressed', holdfast.now(),
            request_user(), jsonb_strip_nulls(jsonb_build_object('activity', s.current_activity,
                'completed_steps', s.completed_steps, 'total_steps', s.total_steps, 'progress', s.progress))
        from saved s
    )
    select array_agg(s.batch) into v_kept from saved s;
    return query select b.id, r.code, r.reason
    from (select g.id, g.epoch, g.token, array_agg(g.position order by g.row) as positions,
            array_agg(g.name order by g.row) as names, array_agg(g.status order by g.row) as statuses
        from unnest(p_execution_ids, p_epochs, p_tokens, p_positions, p_names, p_statuses) with ordinality
            as g (id, epoch, token, position, name, status, row)
        group by g.id, g.epoch, g.token having min(g.row) <> all (coalesce(v_kept, '{}'))) b
    cross join lateral explain_steps_refusal(v_venture, b.id, b.epoch, b.token, b.positions, b.names, b.statuses) r;
end
$$;

-- Whether a row tells of no step, but only what is being done.
create function holdfast.is_activity(p_position integer, p_status holdfast.execution_step_status) returns boolean
language sql immutable parallel safe as $$
    select p_position is null and p_status is null
$$;

-- What is finished in the sense of progress.
create function holdfast.is_done_step(p_status holdfast.execution_step_status) returns boolean
language sql immutable parallel safe as $$
    select coalesce(p_status in ('completed', 'skipped'), false)
$$;

-- What a step is once this was told of it: what has ended stays so, unless a failed one was done after all.
create function holdfast.step_after(p_from holdfast.execution_step_status, p_to holdfast.execution_step_status)
returns holdfast.execution_step_status
language sql immutable parallel safe as $$
    select case when p_from is null or p_from = 'running' or (p_from = 'failed' and p_to = 'completed') then p_to else p_from end
$$;

-- Telling of a step what it is already changes nothing, and that it runs may come late.
create function holdfast.is_undrawn_step(p_from holdfast.execution_step_status, p_to holdfast.execution_step_status)
returns boolean
language sql immutable parallel safe as $$
    select p_from <> p_to and p_to <> 'running' and not holdfast.is_drawn(p_from, p_to)
$$;

create function holdfast.explain_steps_refusal(
    p_venture_id uuid, p_execution_id uuid, p_epoch bigint, p_token uuid, p_positions integer[], p_names text[],
    p_statuses holdfast.execution_step_status[], out code text, out reason text)
language plpgsql as $$
declare
    v_execution agent_executions := lock_execution_if_there(p_venture_id, p_execution_id);
    v_step      record;
begin
    if v_execution.status is distinct from 'running' or not holds(v_execution.lease_epoch, v_execution.lease_token,
        v_execution.lease_expires_at, p_epoch, p_token, holdfast.now()) then
        perform refuse_execution_write(p_venture_id, p_execution_id, p_epoch, p_token, 'running');
    end if;
    select s.name, s.status as was, g.status into v_step
    from unnest(p_positions, p_statuses) as g (position, status)
    join execution_steps s on s.venture_id = p_venture_id and s.execution_id = p_execution_id and s.position = g.position
    where is_undrawn_step(s.status, g.status) limit 1;
    if found then
        perform require_drawn('step', v_step.name, v_step.was::text, v_step.status::text, false);
    end if;
    select g.position, g.name into v_step from unnest(p_positions, p_names, p_statuses) as g (position, name, status)
    where not is_activity(g.position, g.status) and (g.position >= 1 and g.name <> '') is not true
        or g.position > v_execution.total_steps limit 1;
    if found and v_step.position > v_execution.total_steps then
        perform refuse('HF005', format('step %s is beyond the %s steps of the execution.', v_step.position,
            v_execution.total_steps), 'Raise the total first with save_executions.');
    end if;
    if found then
        perform refuse('HF005', format('step %s with the name "%s": a position is at least 1 and a name is not empty.',
            v_step.position, v_step.name));
    end if;
    perform refuse('HF005', format('With these steps more than total = %s would be completed; %s are already.',
        v_execution.total_steps, v_execution.completed_steps), 'Raise the total first with save_executions.');
exception when others then
    get stacked diagnostics code = returned_sqlstate, reason = message_text;
end
$$;
