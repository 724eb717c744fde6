-- What is kept of an execution beside its state: log lines, costs, notes for whoever takes it up next.

-- Appends log lines, of many executions in one call, each execution fenced on its own. One event a batch and
-- execution tells from which line to which. Returns the refused executions with the reason.
create function holdfast.append_logs(
    p_execution_ids uuid[], p_epochs bigint[], p_tokens uuid[], p_levels holdfast.log_level[], p_messages text[],
    p_data jsonb[] default null, p_venture_id uuid default null)
returns table (execution_id uuid, code text, reason text)
language plpgsql security definer set search_path = holdfast, pg_temp as $$
#variable_conflict use_column
declare
    v_venture uuid := enter(p_venture_id, 'agent');
    v_many    integer := cardinality(p_execution_ids);
    v_now     timestamptz;
    v_kept    bigint;
begin
    perform require_same_length(10000, v_many, cardinality(p_epochs), cardinality(p_tokens), cardinality(p_levels),
        cardinality(p_messages), coalesce(cardinality(p_data), v_many));
    if (select max(length(m)) from unnest(p_messages) as m) > 16384 then
        perform refuse('HF006', 'A message has more than 16384 characters.', 'Split it into several lines.');
    end if;
    perform from agent_executions e where e.venture_id = v_venture and e.id = any (p_execution_ids)
    order by e.id for no key update;
    v_now := holdfast.now();
    with given as (
        select g.id, g.epoch, g.token, g.level, g.message, g.data, g.row
        from unnest(p_execution_ids, p_epochs, p_tokens, p_levels, p_messages, p_data) with ordinality
            as g (id, epoch, token, level, message, data, row)
    ), batches as (
        select g.id, g.epoch, g.token, count(*) as lines, max(g.level) as worst
        from given g group by g.id, g.epoch, g.token
    ), saved as (
        update agent_executions e set log_count = e.log_count + b.lines, seq = e.seq + 1
        from batches b
        where e.venture_id = v_venture and e.id = b.id and e.status = 'running'
            and holds(e.lease_epoch, e.lease_token, e.lease_expires_at, b.epoch, b.token, v_now)
        returning e.id, b.epoch, b.token, e.seq, e.log_count, b.lines, b.worst
    ), written as (
        insert into agent_execution_logs (venture_id, execution_id, line, time, level, message, data)
        select v_venture, g.id, s.log_count - s.lines + row_number() over (partition by g.id order by g.row),
            v_now, g.level, g.message, g.data
        from given g join saved s on s.id = g.id and s.epoch is not distinct from g.epoch and s.token is not distinct from g.token
    ), told as (
        insert into events (venture_id, stream, stream_id, seq, xid, type, time, actor, data)
        select v_venture, 'execution', s.id, s.seq, pg_current_xact_id(), 'execution.logged', holdfast.now(), request_user(),
            jsonb_build_object('first_line', s.log_count - s.lines + 1, 'last_line', s.log_count, 'worst', s.worst)
        from saved s
    )
    select sum(s.lines) into v_kept from saved s;
    if v_kept = v_many then
        return;
    end if;
    return query select g.id, r.code, r.reason
    from (select distinct u.* from unnest(p_execution_ids, p_epochs, p_tokens) as u (id, epoch, token)) g
    left join agent_executions e on e.venture_id = v_venture and e.id = g.id
    cross join lateral explain_execution_refusal(v_venture, g.id, g.epoch, g.token, null, null) r
    where e.id is null or e.status <> 'running'
        or not holds(e.lease_epoch, e.lease_token, e.lease_expires_at, g.epoch, g.token, v_now);
end
$$;

-- Adds to what an execution cost.
create function holdfast.record_metrics(
    p_execution_id uuid, p_epoch bigint default null, p_token uuid default null, p_input_tokens bigint default 0,
    p_output_tokens bigint default 0, p_cost_usd numeric default 0, p_model_calls bigint default 0,
    p_tool_calls bigint default 0, p_metadata jsonb default '{}', p_venture_id uuid default null)
returns bigint
language plpgsql security definer set search_path = holdfast, pg_temp as $$
declare
    v_venture uuid := enter(p_venture_id, 'agent');
    v_more    jsonb;
    v_seq     bigint;
begin
    if least(p_input_tokens, p_output_tokens, p_cost_usd, p_model_calls, p_tool_calls) < 0 then
        perform refuse('HF005', 'A metric is negative; metrics are added up and only grow.', 'Give what was used since the last call.');
    end if;
    update agent_executions set seq = seq + 1
    where venture_id = v_venture and id = p_execution_id and status = 'running'
        and holds(lease_epoch, lease_token, lease_expires_at, p_epoch, p_token, holdfast.now())
    returning seq into v_seq;
    if not found then
        perform refuse_execution_write(v_venture, p_execution_id, p_epoch, p_token, 'running');
    end if;
    v_more := add_usage(v_venture, p_execution_id, 'run', p_input_tokens, p_output_tokens, p_cost_usd, p_model_calls, p_tool_calls);
    update execution_metrics set metadata = metadata || p_metadata
    where venture_id = v_venture and execution_id = p_execution_id and p_metadata <> '{}';
    perform emit(v_venture, 'execution', p_execution_id, v_seq, 'execution.metered', v_more);
    return v_seq;
end
$$;

-- Keeps what whoever takes the execution up next must know, such as the id of its program's session. Other keys stay.
create function holdfast.annotate_execution(
    p_execution_id uuid, p_metadata jsonb, p_epoch bigint default null, p_token uuid default null,
    p_venture_id uuid default null)
returns bigint
language plpgsql security definer set search_path = holdfast, pg_temp as $$
declare
    v_venture uuid := enter(p_venture_id, 'agent');
    v_seq     bigint;
begin
    if jsonb_typeof(p_metadata) is distinct from 'object' then
        perform refuse('HF005', format('p_metadata = %s is not an object.', left(p_metadata::text, 100)), 'Give names and values.');
    end if;
    perform require_size(format('The metadata of the execution %s', p_execution_id), p_metadata, 16384);
    update agent_executions set metadata = metadata || p_metadata, seq = seq + 1
    where venture_id = v_venture and id = p_execution_id and status = 'running'
        and holds(lease_epoch, lease_token, lease_expires_at, p_epoch, p_token, holdfast.now())
    returning seq into v_seq;
    if not found then
        perform refuse_execution_write(v_venture, p_execution_id, p_epoch, p_token, 'running');
    end if;
    perform emit(v_venture, 'execution', p_execution_id, v_seq, 'execution.annotated', p_metadata);
    return v_seq;
end
$$;
