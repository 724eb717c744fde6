-- What agent programs say that they use, in telemetry of their own.

-- Adds to what one witness says; the execution's metrics become the greatest that any says. Returns by how much they grew.
-- The execution's row is locked.
create function holdfast.add_usage(
    p_venture_id uuid, p_execution_id uuid, p_witness text, p_input_tokens bigint, p_output_tokens bigint,
    p_cost_usd numeric, p_model_calls bigint, p_tool_calls bigint)
returns jsonb
language plpgsql as $$
declare
    v_old execution_metrics;
    v_new execution_metrics;
begin
    insert into execution_usage as u (venture_id, execution_id, witness, input_tokens, output_tokens, cost_usd, model_calls, tool_calls)
    values (p_venture_id, p_execution_id, p_witness, p_input_tokens, p_output_tokens, p_cost_usd, p_model_calls, p_tool_calls)
    on conflict (venture_id, execution_id, witness) do update set
        input_tokens = u.input_tokens + excluded.input_tokens, output_tokens = u.output_tokens + excluded.output_tokens,
        cost_usd = u.cost_usd + excluded.cost_usd, model_calls = u.model_calls + excluded.model_calls,
        tool_calls = u.tool_calls + excluded.tool_calls;
    insert into execution_metrics (venture_id, execution_id, updated_at) values (p_venture_id, p_execution_id, holdfast.now())
    on conflict (venture_id, execution_id) do nothing;
    select * into v_old from execution_metrics where venture_id = p_venture_id and execution_id = p_execution_id;
    update execution_metrics m set input_tokens = u.input_tokens, output_tokens = u.output_tokens, cost_usd = u.cost_usd,
        model_calls = u.model_calls, tool_calls = u.tool_calls, updated_at = holdfast.now()
    from (select max(x.input_tokens) as input_tokens, max(x.output_tokens) as output_tokens, max(x.cost_usd) as cost_usd,
            max(x.model_calls) as model_calls, max(x.tool_calls) as tool_calls
        from execution_usage x where x.venture_id = p_venture_id and x.execution_id = p_execution_id) u
    where m.venture_id = p_venture_id and m.execution_id = p_execution_id
    returning m.* into v_new;
    return jsonb_build_object('input_tokens', v_new.input_tokens - v_old.input_tokens,
        'output_tokens', v_new.output_tokens - v_old.output_tokens, 'cost_usd', v_new.cost_usd - v_old.cost_usd,
        'model_calls', v_new.model_calls - v_old.model_calls, 'tool_calls', v_new.tool_calls - v_old.tool_calls);
end
$$;

-- Hears what a session's program used, in rows that have a time and a number: what was heard before counts once. The
-- execution is named, or the one of the session's todo list is meant; a session that has none says nothing here. Telemetry
-- comes late: what an execution used is heard until an hour after its end, under its last lease.
create function holdfast.hear_usage(
    p_witness text, p_session_id text, p_times bigint[], p_numbers bigint[], p_input_tokens bigint[],
    p_output_tokens bigint[], p_cost_usd double precision[], p_model_calls bigint[], p_tool_calls bigint[],
    p_execution_id uuid default null, p_epoch bigint default null, p_venture_id uuid default null)
returns table (execution_id uuid, heard integer)
language plpgsql security definer set search_path = holdfast, pg_temp as $$
#variable_conflict use_column
declare
    v_venture   uuid := enter(p_venture_id, 'agent');
    v_execution agent_executions;
    v_last      jsonb;
    v_sum       record;
    v_seq       bigint;
begin
    perform require_same_length(10000, cardinality(p_times), cardinality(p_numbers), cardinality(p_input_tokens),
        cardinality(p_output_tokens), cardinality(p_cost_usd), cardinality(p_model_calls), cardinality(p_tool_calls));
    execution_id := coalesce(p_execution_id, execution_of_session(v_venture, p_session_id));
    if execution_id is null then
        return;
    end if;
    v_execution := lock_execution(v_venture, execution_id);
    perform require_hearing(v_execution, p_epoch);
    select u.heard -> p_session_id into v_last from execution_usage u
    where u.venture_id = v_venture and u.execution_id = v_execution.id and u.witness = p_witness;
    select count(*)::integer as many, coalesce(sum(g.input), 0) as input, coalesce(sum(g.output), 0) as output,
        coalesce(sum(g.cost), 0)::numeric(14, 6) as cost, coalesce(sum(g.calls), 0) as calls, coalesce(sum(g.tools), 0) as tools,
        least(min(g.input), min(g.output), min(g.cost), min(g.calls), min(g.tools)) as least, max(array[g.time, g.number]) as last
    into v_sum
    from unnest(p_times, p_numbers, p_input_tokens, p_output_tokens, p_cost_usd, p_model_calls, p_tool_calls)
        as g (time, number, input, output, cost, calls, tools)
    where v_last is null or (g.time, g.number) > ((v_last ->> 0)::bigint, (v_last ->> 1)::bigint);
    heard := v_sum.many;
    if v_sum.least < 0 then
        perform refuse('HF005', 'A metric is negative; metrics are added up and only grow.', 'Give what was used since the last call.');
    elsif heard > 0 then
        update agent_executions e set seq = e.seq + 1 where e.venture_id = v_venture and e.id = v_execution.id returning e.seq into v_seq;
        perform emit(v_venture, 'execution', v_execution.id, v_seq, 'execution.metered', add_usage(v_venture, v_execution.id,
            p_witness, v_sum.input::bigint, v_sum.output::bigint, v_sum.cost, v_sum.calls::bigint, v_sum.tools::bigint));
        update execution_usage u set heard = u.heard || jsonb_build_object(p_session_id, to_jsonb(v_sum.last))
        where u.venture_id = v_venture and u.execution_id = v_execution.id and u.witness = p_witness;
    end if;
    return next;
end
$$;

-- The newest execution of a session's todo list.
create function holdfast.execution_of_session(p_venture_id uuid, p_session_id text) returns uuid
language sql stable as $$
    select e.id from agent_executions e
    join claude_sessions s on s.venture_id = e.venture_id and s.id = e.session_id
    where s.venture_id = p_venture_id and s.session_id = p_session_id and e.kind is null and e.metadata ? 'todos'
    order by e.created_at desc limit 1
$$;

-- A program that was started under a lease before is not heard: what it does is not the execution's work any more.
create function holdfast.require_hearing(p_execution holdfast.agent_executions, p_epoch bigint) returns void
language plpgsql as $$
begin
    if p_epoch <> p_execution.lease_epoch then
        perform refuse('HF001', format('The program was started under the lease with epoch %s; the execution %s has had epoch %s since.',
            p_epoch, p_execution.id, p_execution.lease_epoch), 'End the program; another worker runs the execution.',
            jsonb_build_object('execution_id', p_execution.id, 'epoch', p_epoch, 'current_epoch', p_execution.lease_epoch));
    elsif p_execution.ended_at < holdfast.now() - interval '1 hour' then
        perform refuse('HF002', format('The execution %s ended at %s.', p_execution.id, p_execution.ended_at),
            'What it used is heard until an hour after its end.');
    end if;
end
$$;
